//! Where clinics are found without a look at all of them: by region, and by how near they are. Made
//! once with the catalogue, and asked as often as somebody looks for a clinic.

use std::collections::HashMap;

use rstar::{RTree, primitives::GeomWithData};

use super::place::Point;
use crate::domain::RegionId;

/// A clinic's place in `Catalogue::clinics`, at its point on the unit sphere: there is no date line
/// and no pole to be wrong at.
type Located = GeomWithData<[f64; 3], usize>;

/// Clinics by region and by point; each is named by its place in `Catalogue::clinics`.
#[derive(Debug)]
pub struct ClinicIndex {
    /// In order, with those of districts in their province.
    by_region: HashMap<RegionId, Vec<usize>>,
    /// Of the clinics of a region whose points are known.
    middles: HashMap<RegionId, Point>,
    tree: RTree<Located>,
    /// Clinics whose points are not known, in order.
    unlocated: Vec<usize>,
}

impl ClinicIndex {
    /// Of all clinics in order: the region of each with those that it lies in, and its point.
    pub fn new<'a>(clinics: impl Iterator<Item = (&'a [RegionId], Option<Point>)>) -> Self {
        let mut by_region: HashMap<RegionId, Vec<usize>> = HashMap::new();
        let mut points: HashMap<RegionId, Vec<Point>> = HashMap::new();
        let (mut located, mut unlocated) = (Vec::new(), Vec::new());
        for (place, (path, point)) in clinics.enumerate() {
            for region_id in path {
                by_region.entry(*region_id).or_default().push(place);
                points.entry(*region_id).or_default().extend(point);
            }
            match point {
                Some(point) => located.push(Located::new(point.axes(), place)),
                None => unlocated.push(place),
            }
        }
        let middle = |(id, points)| Some((id, Point::middle(points)?));
        Self {
            by_region,
            middles: points.into_iter().filter_map(middle).collect(),
            tree: RTree::bulk_load(located),
            unlocated,
        }
    }

    /// The clinics of a region and of all that lies in it, in order.
    pub fn of_region(&self, region_id: RegionId) -> &[usize] {
        self.by_region.get(&region_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The middle of the clinics of a region.
    pub fn middle_of(&self, region_id: RegionId) -> Option<Point> {
        self.middles.get(&region_id).copied()
    }

    /// The clinics whose points are known, nearest first, each with about the square of its chord:
    /// two that are as far as each other but for the last bit may change places.
    pub fn from_near(&self, point: Point) -> impl Iterator<Item = (usize, f64)> {
        let found = self.tree.nearest_neighbor_iter_with_distance_2(point.axes());
        found.map(|(located, distance)| (located.data, distance))
    }

    /// The others, in order.
    pub fn unlocated(&self) -> &[usize] {
        &self.unlocated
    }
}
