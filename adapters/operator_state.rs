//! What operators have done to the schedulers of an environment, kept beyond the process.

use std::collections::BTreeMap;

use hemiola_components::time::Nanos;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::{Folder, Kind, Record, Repository};
use crate::time_text::{instant, optional_instant};

/// The operator state of an environment, open for writing.
pub type OperatorRepository = Repository<OperatorRecord>;

/// Where an environment keeps its operator state.
pub type OperatorFolder = Folder<OperatorRecord>;

/// What holds for one scheduler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRecord {
    /// The scheduler's name.
    pub scheduler: String,
    /// When it changed last.
    #[serde(with = "instant")]
    pub as_of: Nanos,
    /// In the order they were first imposed.
    pub suspensions: Vec<KeptSuspension>,
    /// In the order they were first imposed.
    pub signal_limits: Vec<KeptLimit>,
    /// The capital policy that was chosen, as a configuration has it; `None` is the configuration's own.
    pub policy: Option<Value>,
    /// The distance of re-allocations that was chosen; `None` is the configuration's own.
    pub interval: Option<KeptInterval>,
    /// When the capital was divided last; `None` when it is due.
    #[serde(with = "optional_instant")]
    pub allocated_at: Option<Nanos>,
    /// How it was divided.
    pub allocation: Option<KeptAllocation>,
    /// What the policy remembers.
    pub memory: BTreeMap<String, BTreeMap<String, f64>>,
    /// By schedule, what came out of its last decision.
    pub schedules: BTreeMap<String, KeptSchedule>,
}

/// A schedule or a tag that is suspended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptSuspension {
    /// `schedule` or `tag`.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Since when.
    #[serde(with = "instant")]
    pub applied_at: Nanos,
    /// Until when; `None` when it has no end.
    #[serde(with = "optional_instant")]
    pub expires_at: Option<Nanos>,
}

/// What a suspension holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One schedule.
    Schedule,
    /// All whose strategy has a tag.
    Tag,
}

/// A limit on the signals of a strategy under a risk profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptLimit {
    /// The strategy.
    pub strategy: String,
    /// The risk profile.
    pub risk_profile: String,
    /// Signals at most.
    pub limit: u32,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    #[serde(with = "instant")]
    pub created_at: Nanos,
    /// Until when; `None` when it has no end.
    #[serde(with = "optional_instant")]
    pub expires_at: Option<Nanos>,
}

/// A distance of re-allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptInterval {
    /// In nanoseconds; `None` is every due instant.
    pub nanoseconds: Option<i64>,
}

/// A division of capital; keys are names of schedules, risk profiles and tags, values are shares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptAllocation {
    /// The policy that divided it, as a configuration has it.
    pub policy: Value,
    /// What reports call it.
    pub policy_name: String,
    /// Shares in force, by schedule.
    pub effective: BTreeMap<String, f64>,
    /// Shares before they were smoothed; empty unless the policy smooths.
    pub raw: BTreeMap<String, f64>,
    /// Shares after that.
    pub smoothed: BTreeMap<String, f64>,
    /// Shares of the risk profiles.
    pub profiles: BTreeMap<String, f64>,
    /// Shares of the tags.
    pub tags: BTreeMap<String, f64>,
    /// How many schedules each tag has.
    pub tag_members: BTreeMap<String, usize>,
    /// How the weights came about.
    pub details: BTreeMap<String, BTreeMap<String, f64>>,
    /// What the policy had to do beyond its rule.
    pub flags: BTreeMap<String, bool>,
}

/// What came out of a schedule's last decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptSchedule {
    /// The instant of the decision; `None` when it never made one.
    #[serde(with = "optional_instant")]
    pub decided_at: Option<Nanos>,
    /// When it was last run.
    #[serde(with = "optional_instant")]
    pub last_run: Option<Nanos>,
    /// Runs that failed.
    pub failures: u64,
    /// What the decision was measured by.
    pub metrics: BTreeMap<String, f64>,
}

/// Something that happened to a scheduler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorEvent {
    /// The scheduler.
    pub scheduler: String,
    /// What kind of thing.
    pub kind: EventKind,
    /// When.
    #[serde(with = "instant")]
    pub at: Nanos,
    /// Who did it; `clock` for what ended by itself.
    pub who: String,
    /// Why.
    pub why: Option<String>,
    /// What, as a line of an operator log has it.
    pub what: Value,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Somebody did something.
    Action,
    /// A suspension or a limit ended by itself.
    Ended,
}

impl Record for OperatorRecord {
    type Event = OperatorEvent;

    const KIND: Kind = Kind {
        noun: "operator state",
        stem: "operator",
        // It spells `HeOS`.
        application: 0x4865_4f53,
        name_column: "scheduler",
        events_table: "event",
        without: "and without its suspensions nothing may run",
        command: "hemiola sched",
    };

    fn name(&self) -> &str {
        &self.scheduler
    }
}
