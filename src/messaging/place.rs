//! Faults of the settings, each with where it stands, so that all are reported together.

/// A part of the settings, and the faults that were found so far in all of them.
pub(super) struct Place<'a> {
    faults: &'a mut Vec<String>,
    path: String,
}

impl<'a> Place<'a> {
    pub(super) fn new(faults: &'a mut Vec<String>, path: impl Into<String>) -> Self {
        Self { faults, path: path.into() }
    }

    /// A part of this part.
    pub(super) fn within(&mut self, key: &str) -> Place<'_> {
        let path = if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) };
        Place { faults: self.faults, path }
    }

    /// Notes a fault of this part.
    pub(super) fn fault(&mut self, why: impl std::fmt::Display) {
        self.faults.push(format!("{}: {why}", self.path));
    }

    /// The value, or a fault noted.
    pub(super) fn take<T>(&mut self, value: Result<T, impl std::fmt::Display>) -> Option<T> {
        value.map_err(|why| self.fault(why)).ok()
    }
}
