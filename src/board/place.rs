//! How far a clinic is away, as the crow flies.

/// Mean radius of the earth in kilometres (IUGG R1).
const EARTH_KM: f64 = 6371.0088;

/// A place on the earth as a unit vector: comparing two distances then takes three multiplications.
#[derive(Clone, Copy, Debug)]
pub struct Point([f64; 3]);

impl Point {
    /// From degrees.
    pub fn new(latitude: f64, longitude: f64) -> Self {
        let (lat, lon) = (latitude.to_radians(), longitude.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    }

    /// Along the three axes.
    pub fn axes(self) -> [f64; 3] {
        self.0
    }

    /// The middle of several; none of none, nor of those that lie all round the earth.
    pub fn middle(points: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut sum = [0.0; 3];
        for Self(point) in points {
            for (sum, part) in sum.iter_mut().zip(point) {
                *sum += part;
            }
        }
        let length = sum.iter().map(|part| part * part).sum::<f64>().sqrt();
        (length > 1e-9).then(|| Self(sum.map(|part| part / length)))
    }

    /// The square of the straight line through the earth, in earth radii: grows with the distance.
    pub fn chord_squared(self, other: Self) -> f64 {
        let Self([x, y, z]) = self;
        let Self([other_x, other_y, other_z]) = other;
        (x - other_x).powi(2) + (y - other_y).powi(2) + (z - other_z).powi(2)
    }
}

/// Kilometres on the great circle for such a square, to 10 metres: an address is no more exact.
pub fn kilometres(chord_squared: f64) -> f64 {
    let half = (chord_squared.sqrt() / 2.0).min(1.0);
    (2.0 * EARTH_KM * half.asin() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
        kilometres(Point::new(a.0, a.1).chord_squared(Point::new(b.0, b.1)))
    }

    #[test]
    fn known_distances_come_out() {
        let (seoul, busan) = ((37.5665, 126.9780), (35.1796, 129.0756));
        assert!((apart(seoul, busan) - 325.1).abs() < 1.0, "{}", apart(seoul, busan));
        assert!((apart((0.0, 0.0), (0.0, 180.0)) - 20_015.11).abs() < 0.05, "half way round");
        assert!((apart((89.0, 10.0), (89.0, -170.0)) - 222.39).abs() < 0.05, "over the pole");
        assert!(apart(seoul, seoul) < 1e-9);
    }

    #[test]
    fn the_middle_lies_between() {
        let middle = |points: &[(f64, f64)]| {
            Point::middle(points.iter().map(|&(lat, lon)| Point::new(lat, lon)))
        };
        let off = |points, (lat, lon)| {
            kilometres(middle(points).unwrap().chord_squared(Point::new(lat, lon)))
        };
        assert!(off(&[(0.0, 179.0), (0.0, -179.0)], (0.0, 180.0)) < 0.1);
        assert!(off(&[(37.0, 127.0)], (37.0, 127.0)) < 0.1);
        assert!(off(&[(37.0, 127.0)], (38.0, 127.0)) > 100.0, "the control");
        assert!(middle(&[]).is_none() && middle(&[(0.0, 0.0), (0.0, 180.0)]).is_none());
    }

    #[test]
    fn the_date_line_is_no_wall() {
        assert!(apart((0.0, 179.9), (0.0, -179.9)) < 23.0);
    }

    #[test]
    fn a_hundred_metres_are_seen() {
        assert!((apart((37.5, 127.0), (37.5009, 127.0)) - 0.1).abs() < 0.011);
    }
}
