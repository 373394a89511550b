//! Lines on how capital is divided: one whenever what a schedule has of it changes.

use std::collections::BTreeMap;

use hemiola_adapters::journal::{DecisionBody, Field, Form, Link, Values};
use hemiola_components::capital::Weight;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::time::Nanos;

use super::draft::Draft;
use crate::config::plan::Plan;

/// What was written last of each schedule.
#[derive(Debug, Default)]
pub(super) struct Allocations(BTreeMap<ScheduleIndex, (Weight, Option<Form>)>);

impl Allocations {
    /// Appends the line of a schedule's weight, unless it is the one that was written last.
    pub(super) fn line(
        &mut self,
        plan: &Plan,
        (schedule, weight): (ScheduleIndex, &Weight),
        at: Nanos,
        link: &Link,
        values: &mut Values,
        line: &mut Vec<u8>,
    ) -> bool {
        let last = self.0.get(&schedule);
        if last.is_some_and(|(last, _)| last == weight) {
            return false;
        }
        let alike = last.is_some_and(|(last, form)| {
            form.is_some()
                && (last.raw.is_some(), last.tag.is_some()) == (weight.raw.is_some(), weight.tag.is_some())
        });
        let at = values.timestamp(at);
        let body = (!alike).then(|| {
            let schedule = &plan.schedules[schedule.get()];
            let profile = &plan.risk_profiles[schedule.risk_profile].name;
            let mut body =
                DecisionBody::stamped("capital_allocated", at, &plan.environment, &plan.scheduler, profile);
            body.linked(link);
            body.text(Field::Schedule, &schedule.name);
            body.text(Field::Strategy, &plan.strategies[schedule.strategy].name);
            body
        });
        let mut draft = Draft { values, body };
        draft.float("weight", weight.share);
        draft.float("smoothed_weight", weight.smoothed);
        draft.float("profile_weight", weight.profile);
        if let Some(raw) = weight.raw {
            draft.float("raw_weight", raw);
        }
        if let Some(tag) = weight.tag {
            draft.float("tag_weight", tag.weight);
            draft.whole("tag_members", tag.members.into());
        }
        if let Some(body) = draft.body {
            self.0.insert(schedule, (*weight, Some(body.form())));
        }
        let (last, form) = self.0.get_mut(&schedule).expect("what it is alike to was written");
        *last = *weight;
        form.as_ref().expect("it was made for this line or one like it").write(values, line);
        true
    }

    /// What was written last of each of so many schedules.
    pub(super) fn last(&self, schedules: usize) -> Vec<Option<Weight>> {
        let last = |index| self.0.get(&ScheduleIndex::new(index)).map(|(weight, _)| *weight);
        (0..schedules).map(last).collect()
    }

    /// Goes on after what another session wrote last.
    pub(super) fn go_on(&mut self, last: &[Option<Weight>]) {
        let known = last.iter().enumerate().filter_map(|(index, weight)| Some((index, (*weight)?)));
        self.0 = known.map(|(index, weight)| (ScheduleIndex::new(index), (weight, None))).collect();
    }
}
