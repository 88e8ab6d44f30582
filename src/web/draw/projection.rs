//! From degrees to units of a picture: north is up, and the shortest way stays the shortest.

/// Kilometres of a degree of latitude, by the mean radius of the earth (IUGG R1).
const KM_OF_DEGREE: f64 = 111.195;
/// A picture of a single place shows what is around it: at most so many units are a kilometre.
const UNITS_OF_KM_MAX: f64 = 100.0;

/// How large a picture may be, in units, and what is left free at its edges.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub width: f64,
    pub height_max: f64,
    pub margin: f64,
}

/// Where places are in a picture that shows them all.
#[derive(Clone, Copy, Debug)]
pub struct Projection {
    west: f64,
    north: f64,
    shrink: f64,
    scale: f64,
    left: f64,
    top: f64,
    /// Units that the picture is high.
    pub height: f64,
}

impl Projection {
    /// None where there are no places. In degrees, latitude first.
    pub fn new(places: impl IntoIterator<Item = (f64, f64)>, frame: Frame) -> Option<Self> {
        let mut bounds: Option<[f64; 4]> = None;
        for (lat, lon) in places {
            let [south, north, west, east] = bounds.unwrap_or([lat, lat, lon, lon]);
            bounds = Some([south.min(lat), north.max(lat), west.min(lon), east.max(lon)]);
        }
        let [south, north, west, east] = bounds?;
        // A degree of longitude is shorter the further north it is.
        let shrink = ((south + north) / 2.0).to_radians().cos();
        let (wide, high) = ((east - west) * shrink, north - south);
        let Frame { width, height_max, margin } = frame;
        let room = (width - 2.0 * margin, height_max - 2.0 * margin);
        let fits = |room: f64, size: f64| if size > 0.0 { room / size } else { f64::INFINITY };
        let scale = fits(room.0, wide).min(fits(room.1, high));
        let scale = scale.min(UNITS_OF_KM_MAX * KM_OF_DEGREE);
        let height = high * scale + 2.0 * margin;
        let left = (width - wide * scale) / 2.0;
        Some(Self { west, north, shrink, scale, left, top: margin, height })
    }

    /// Units from the left and from the top.
    pub fn place(&self, latitude: f64, longitude: f64) -> (f64, f64) {
        let x = (longitude - self.west) * self.shrink * self.scale + self.left;
        let y = (self.north - latitude) * self.scale + self.top;
        (x, y)
    }

    /// Units of a kilometre.
    pub fn of_km(&self) -> f64 {
        self.scale / KM_OF_DEGREE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { width: 320.0, height_max: 200.0, margin: 20.0 };

    #[test]
    fn every_place_is_inside_and_north_is_up() {
        let places = [(37.0, 127.0), (36.0, 127.5), (36.5, 128.0)];
        let to = Projection::new(places, FRAME).unwrap();
        for (latitude, longitude) in places {
            let (x, y) = to.place(latitude, longitude);
            assert!((19.9..=300.1).contains(&x) && (19.9..=180.1).contains(&y), "{x} {y}");
        }
        let [north, south, east] = places.map(|(lat, lon)| to.place(lat, lon));
        assert!(north.1 < east.1 && east.1 < south.1, "{north:?} {east:?} {south:?}");
        assert!(north.0 < south.0 && south.0 < east.0);
        assert!((to.height - 200.0).abs() < 0.1, "{}", to.height);
        assert!(Projection::new([], FRAME).is_none());
    }

    #[test]
    fn a_kilometre_is_as_long_in_every_direction() {
        // Each some 1.1 km from the first.
        let to = Projection::new([(37.0, 127.0), (37.01, 127.0), (37.0, 127.0125)], FRAME).unwrap();
        let (here, north, east) =
            (to.place(37.0, 127.0), to.place(37.01, 127.0), to.place(37.0, 127.0125));
        let (up, right) = (here.1 - north.1, east.0 - here.0);
        assert!((up - right).abs() < up / 100.0, "{up} {right}");
        assert!((up - 1.112 * to.of_km()).abs() < up / 100.0);
    }

    #[test]
    fn a_single_place_is_in_the_middle() {
        let to = Projection::new([(37.0, 127.0)], FRAME).unwrap();
        assert_eq!(to.place(37.0, 127.0), (160.0, 20.0));
        assert!((to.of_km() - UNITS_OF_KM_MAX).abs() < 1e-6);
    }
}
