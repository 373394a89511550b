//! What schedules of one tag have of the capital together.

use hemiola_components::capital::{TagWeight, Weight};

use super::division::Subject;

/// The schedules by their primary tags.
#[derive(Clone, Debug)]
pub(super) struct Tags {
    /// By schedule, the place of its tag.
    of: Vec<Option<usize>>,
    /// By tag, how much its schedules have, and how many they are.
    groups: Vec<TagWeight>,
}

impl Tags {
    pub(super) fn new(subjects: &[Subject]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let mut of = Vec::with_capacity(subjects.len());
        for name in subjects.iter().map(|subject| subject.view.primary_tag.as_deref()) {
            of.push(name.map(|name| {
                names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                })
            }));
        }
        let mut groups = vec![TagWeight::default(); names.len()];
        of.iter().flatten().for_each(|place| groups[*place].members += 1);
        Self { of, groups }
    }

    /// Gives each schedule that has no tag of a quota the sum of its tag.
    pub(super) fn sum(&mut self, weights: &mut [Weight]) {
        self.groups.iter_mut().for_each(|group| group.weight = 0.0);
        for (weight, place) in weights.iter().zip(&self.of) {
            if let Some(place) = place {
                self.groups[*place].weight += weight.share;
            }
        }
        for (weight, place) in weights.iter_mut().zip(&self.of) {
            weight.tag = weight.tag.or(place.map(|place| self.groups[place]));
        }
    }
}
