//! What holds for a scheduler, between what is kept and what the world takes.

use std::collections::BTreeMap;

use hemiola_adapters::operator_state::{
    EventKind, KeptAllocation, KeptInterval, KeptLimit, KeptSchedule, KeptSuspension, OperatorEvent,
    OperatorRecord, Scope,
};
use hemiola_components::capital::{Memory, Policy};
use hemiola_components::control::{
    Command, ControlError, Expiry, OperatorAction, SignalLimit, SignalLimits, Suspension, Suspensions, Target,
};
use hemiola_components::time::Nanos;
use hemiola_systems::control::commands::carry_out;
use hemiola_systems::control::{limits, suspensions};
use serde_json::json;

use super::log;
use crate::config::kept_policy;
use crate::config::plan::Plan;
use crate::exit::{Exit, Failure};

/// Who ends what ends by itself.
const CLOCK: &str = "clock";

/// What holds for a scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The scheduler.
    pub scheduler: String,
    /// Signal limits in force.
    pub limits: SignalLimits,
    /// Suspensions in force.
    pub suspensions: Suspensions,
    /// The policy that was chosen in the place of the configuration's.
    pub policy: Option<Policy>,
    /// The distance of re-allocations that was chosen; the inner `None` is every due instant.
    pub interval: Option<Option<Nanos>>,
    /// When the capital was divided last; `None` when it is due.
    pub allocated_at: Option<Nanos>,
    /// How it was divided.
    pub allocation: Option<KeptAllocation>,
    /// What the policy remembers.
    pub memory: Memory,
    /// What came out of the schedules' last decisions, by name.
    pub schedules: BTreeMap<String, KeptSchedule>,
}

/// What ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A signal limit.
    Limit(SignalLimit),
    /// A suspension.
    Suspension(Suspension),
}

impl State {
    /// What holds before anybody did anything: what the configuration starts with, and how that came about.
    ///
    /// # Errors
    /// When the configuration's terms are not sound.
    pub fn first(plan: &Plan, now: Nanos) -> Result<(Self, Vec<OperatorAction>), ControlError> {
        let mut state = Self {
            scheduler: plan.scheduler.clone(),
            limits: SignalLimits::default(),
            suspensions: Suspensions::default(),
            policy: None,
            interval: None,
            allocated_at: None,
            allocation: None,
            memory: Memory::new(),
            schedules: BTreeMap::new(),
        };
        let actions: Vec<_> =
            plan.initial.iter().map(|action| OperatorAction { at: now, ..action.clone() }).collect();
        for action in &actions {
            state.apply(action)?;
        }
        Ok((state, actions))
    }

    /// What was kept.
    ///
    /// # Errors
    /// When its policy is of another version.
    pub fn read(record: &OperatorRecord) -> Result<Self, Failure> {
        let policy = record.policy.as_ref().map(|kept| {
            kept_policy(kept).ok_or_else(|| {
                let message = "the capital policy that was chosen is not one of this version: choose another one with \
                               `hemiola sched policy set FILE`";
                Failure::new(Exit::Verification, message)
            })
        });
        let end = |kept: Option<Nanos>| kept.unwrap_or(Nanos::NEVER);
        let limit = |kept: &KeptLimit| SignalLimit {
            strategy: kept.strategy.clone(),
            risk_profile: kept.risk_profile.clone(),
            limit: kept.limit,
            reason: kept.reason.clone(),
            created_at: kept.created_at,
            expires_at: end(kept.expires_at),
        };
        let suspension = |kept: &KeptSuspension| Suspension {
            target: match kept.scope {
                Scope::Schedule => Target::Schedule(kept.name.clone()),
                Scope::Tag => Target::Tag(kept.name.clone()),
            },
            reason: kept.reason.clone(),
            applied_at: kept.applied_at,
            expires_at: end(kept.expires_at),
        };
        Ok(Self {
            scheduler: record.scheduler.clone(),
            limits: SignalLimits(record.signal_limits.iter().map(limit).collect()),
            suspensions: Suspensions(record.suspensions.iter().map(suspension).collect()),
            policy: policy.transpose()?,
            interval: record.interval.map(|kept| kept.nanoseconds.map(Nanos::new)),
            allocated_at: record.allocated_at,
            allocation: record.allocation.clone(),
            memory: record.memory.clone(),
            schedules: record.schedules.clone(),
        })
    }

    /// As it is kept.
    #[must_use]
    pub fn record(&self, now: Nanos) -> OperatorRecord {
        let end = |instant: Nanos| (instant != Nanos::NEVER).then_some(instant);
        let limit = |limit: &SignalLimit| KeptLimit {
            strategy: limit.strategy.clone(),
            risk_profile: limit.risk_profile.clone(),
            limit: limit.limit,
            reason: limit.reason.clone(),
            created_at: limit.created_at,
            expires_at: end(limit.expires_at),
        };
        let suspension = |suspension: &Suspension| KeptSuspension {
            scope: match suspension.target {
                Target::Schedule(_) => Scope::Schedule,
                Target::Tag(_) => Scope::Tag,
            },
            name: suspension.target.name().to_owned(),
            reason: suspension.reason.clone(),
            applied_at: suspension.applied_at,
            expires_at: end(suspension.expires_at),
        };
        OperatorRecord {
            scheduler: self.scheduler.clone(),
            as_of: now,
            suspensions: self.suspensions.0.iter().map(suspension).collect(),
            signal_limits: self.limits.0.iter().map(limit).collect(),
            policy: self.policy.as_ref().map(crate::results::resolved::written_policy),
            interval: self.interval.map(|chosen| KeptInterval { nanoseconds: chosen.map(Nanos::get) }),
            allocated_at: self.allocated_at,
            allocation: self.allocation.clone(),
            memory: self.memory.clone(),
            schedules: self.schedules.clone(),
        }
    }

    /// Does what somebody wants, apart from dividing the capital.
    ///
    /// # Errors
    /// When the terms are not sound; nothing has changed then.
    pub fn apply(&mut self, action: &OperatorAction) -> Result<(), ControlError> {
        carry_out(&mut self.limits, &mut self.suspensions, action)?;
        match &action.what {
            Command::SetPolicy { policy, .. } => {
                self.policy = Some((**policy).clone());
                self.memory = Memory::new();
                self.allocated_at = None;
            }
            Command::SetInterval { cool_down } => self.interval = Some(*cool_down),
            Command::Rebalance => self.allocated_at = None,
            Command::CancelOrders
            | Command::Flatten
            | Command::SetLimit { .. }
            | Command::ClearLimit { .. }
            | Command::Suspend { .. }
            | Command::Resume { .. } => {}
        }
        Ok(())
    }

    /// Takes out what does not hold any more at `now`.
    pub fn expire(&mut self, now: Nanos) -> Vec<Ended> {
        let limits = limits::expire(&mut self.limits, now).into_iter().map(Ended::Limit);
        let suspensions = suspensions::expire(&mut self.suspensions, now).into_iter().map(Ended::Suspension);
        limits.chain(suspensions).collect()
    }

    /// How the capital is divided.
    #[must_use]
    pub fn policy_of<'a>(&'a self, plan: &'a Plan) -> &'a Policy {
        self.policy.as_ref().unwrap_or(&plan.capital_policy)
    }

    /// The distance of re-allocations; `None` is every due instant.
    #[must_use]
    pub fn cool_down(&self, plan: &Plan) -> Option<Nanos> {
        self.interval.unwrap_or(plan.cool_down)
    }

    /// What holds now, as what a run starts with.
    #[must_use]
    pub fn initial(&self) -> Vec<OperatorAction> {
        let expiry = |end: Nanos| if end == Nanos::NEVER { Expiry::Never } else { Expiry::At(end) };
        let limit = |limit: &SignalLimit| OperatorAction {
            at: limit.created_at,
            who: self.scheduler.clone(),
            why: limit.reason.clone(),
            what: Command::SetLimit {
                strategy: limit.strategy.clone(),
                risk_profile: limit.risk_profile.clone(),
                limit: limit.limit,
                expiry: expiry(limit.expires_at),
            },
        };
        let suspension = |suspension: &Suspension| OperatorAction {
            at: suspension.applied_at,
            who: self.scheduler.clone(),
            why: Some(suspension.reason.clone()),
            what: Command::Suspend {
                target: suspension.target.clone(),
                expiry: expiry(suspension.expires_at),
            },
        };
        self.limits.0.iter().map(limit).chain(self.suspensions.0.iter().map(suspension)).collect()
    }
}

/// An action as it is kept.
#[must_use]
pub fn action_event(scheduler: &str, action: &OperatorAction) -> OperatorEvent {
    OperatorEvent {
        scheduler: scheduler.to_owned(),
        kind: EventKind::Action,
        at: action.at,
        who: action.who.clone(),
        why: action.why.clone(),
        what: log::command(&action.what),
    }
}

/// An end as it is kept; `now` is when it was seen.
#[must_use]
pub fn ended_event(scheduler: &str, ended: &Ended, now: Nanos) -> OperatorEvent {
    let (why, what) = match ended {
        Ended::Limit(limit) => {
            let what = json!({
                "ended": "signal_limit",
                "strategy": limit.strategy,
                "risk_profile": limit.risk_profile,
                "limit": limit.limit,
                "until": crate::instant::text(limit.expires_at),
            });
            (limit.reason.clone(), what)
        }
        Ended::Suspension(suspension) => {
            let what = json!({
                "ended": "suspension",
                suspension.target.scope(): suspension.target.name(),
                "until": crate::instant::text(suspension.expires_at),
            });
            (Some(suspension.reason.clone()), what)
        }
    };
    OperatorEvent {
        scheduler: scheduler.to_owned(),
        kind: EventKind::Ended,
        at: now,
        who: CLOCK.to_owned(),
        why,
        what,
    }
}

impl Ended {
    /// A sentence on it.
    #[must_use]
    pub fn text(&self) -> String {
        let end = |instant| crate::instant::text(instant);
        match self {
            Self::Limit(limit) => {
                let reason = limit.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!(
                    "the limit {} on {}:{}{reason} ended by itself at {}",
                    limit.limit,
                    limit.strategy,
                    limit.risk_profile,
                    end(limit.expires_at)
                )
            }
            Self::Suspension(suspension) => format!(
                "the suspension of the {} {} ({}) ended by itself at {}",
                suspension.target.scope(),
                suspension.target.name(),
                suspension.reason,
                end(suspension.expires_at)
            ),
        }
    }
}
