//! A scheduler's kept state, looked at and changed.

use hemiola_adapters::operator_state::{OperatorEvent, OperatorFolder, OperatorRecord, OperatorRepository};
use hemiola_adapters::state::{self, StateError};
use hemiola_components::control::{Command, Expiry, OperatorAction};
use hemiola_components::time::Nanos;
use hemiola_systems::signals::catalog::Catalog;

use super::allocation;
use super::rights::{self, Right};
use super::state::{Ended, State, action_event, ended_event};
use crate::config::plan::Plan;
use crate::config::tokens::Token;
use crate::config::{self, Selection};
use crate::exit::{Exit, Failure};

/// A scheduler in an environment, and where its state is kept.
#[derive(Clone, Debug)]
pub struct Session {
    /// What the configuration says.
    pub plan: Plan,
    /// Where the state is.
    pub folder: OperatorFolder,
    /// How many environments there are to choose from.
    pub environments: usize,
    tokens: Vec<Token>,
}

/// A state as it was found, without what had ended.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What holds.
    pub state: State,
    /// What ended by itself since the state was last looked at.
    pub ended: Vec<Ended>,
}

impl Session {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When it cannot be read or used, or has no such environment or scheduler.
    pub fn open(path: &std::path::Path, selection: &Selection, catalog: &Catalog) -> Result<Self, Failure> {
        let config = config::load(path, &catalog.specs())?;
        let plan = config.plan(selection)?;
        let folder = config.state_folder(Some(&plan.environment));
        let folder = folder.expect("the plan's environment is one of the configuration's").to();
        let tokens = config.tokens(&plan.scheduler).to_vec();
        Ok(Self { environments: config.environment_names().len(), plan, folder, tokens })
    }

    /// Checks that whoever runs this process may do it.
    ///
    /// # Errors
    /// When no token at hand grants the right.
    pub fn require(&self, right: Right) -> Result<(), Failure> {
        rights::check(&self.tokens, right, &|name| std::env::var(name).ok())
    }

    /// What holds at `now`. What has ended is taken out of what is kept, unless another process is changing it.
    ///
    /// # Errors
    /// When the state cannot be read or believed.
    pub fn look(&self, now: Nanos) -> Result<Seen, Failure> {
        let kept = state::read(&self.folder)?.unwrap_or_default();
        let Some(record) = kept.records.get(&self.plan.scheduler) else {
            return Ok(Seen { state: self.first(now)?.0, ended: Vec::new() });
        };
        let mut state = State::read(record)?;
        let ended = state.expire(now);
        if ended.is_empty() {
            return Ok(Seen { state, ended });
        }
        match OperatorRepository::open(&self.folder) {
            Ok(repository) => {
                let mut change = self.begin_with(repository, now)?;
                let ended = std::mem::take(&mut change.ended);
                let state = change.state.clone();
                change.save()?;
                Ok(Seen { state, ended })
            }
            Err(StateError::Locked { .. }) => Ok(Seen { state, ended }),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything that happened to the scheduler, oldest first.
    ///
    /// # Errors
    /// When the state cannot be read or believed.
    pub fn events(&self) -> Result<Vec<OperatorEvent>, Failure> {
        let mut events = state::read(&self.folder)?.unwrap_or_default().events;
        events.retain(|event| event.scheduler == self.plan.scheduler);
        Ok(events)
    }

    /// Takes the lock on the state, to change it at `now`.
    ///
    /// # Errors
    /// When another process has it, or the state cannot be read or believed.
    pub fn begin(&self, now: Nanos) -> Result<Change<'_>, Failure> {
        // A state that cannot be believed is refused before anything is touched.
        state::read(&self.folder)?;
        self.begin_with(OperatorRepository::open(&self.folder)?, now)
    }

    fn begin_with(&self, repository: OperatorRepository, now: Nanos) -> Result<Change<'_>, Failure> {
        let kept = repository.records().get(&self.plan.scheduler).cloned();
        let (mut state, first) = match &kept {
            Some(record) => (State::read(record)?, Vec::new()),
            None => self.first(now)?,
        };
        let name = &self.plan.scheduler;
        let mut events: Vec<_> = first.iter().map(|action| action_event(name, action)).collect();
        let ended = state.expire(now);
        events.extend(ended.iter().map(|one| ended_event(name, one, now)));
        let before = kept.as_ref().map_or(now, |record| record.as_of);
        Ok(Change { session: self, repository, state, ended, events, now, acts_at: now.max(before) })
    }

    fn first(&self, now: Nanos) -> Result<(State, Vec<OperatorAction>), Failure> {
        State::first(&self.plan, now).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }
}

/// A change of a state; nothing of it is kept before [`Change::save`].
#[derive(Debug)]
pub struct Change<'s> {
    session: &'s Session,
    repository: OperatorRepository,
    /// What will hold.
    pub state: State,
    /// What ended by itself.
    pub ended: Vec<Ended>,
    events: Vec<OperatorEvent>,
    now: Nanos,
    /// Actions are in the order of time, even when the clock went backwards.
    acts_at: Nanos,
}

impl Change<'_> {
    /// Does what somebody wants, and divides the capital when that is part of it.
    ///
    /// # Errors
    /// When the terms are not sound.
    pub fn act(&mut self, who: &str, why: Option<&str>, what: Command) -> Result<(), Failure> {
        let mut action =
            OperatorAction { at: self.now, who: who.to_owned(), why: why.map(ToOwned::to_owned), what };
        let applied = self.state.apply(&action);
        applied.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        if matches!(action.what, Command::Rebalance | Command::SetPolicy { rebalances: true, .. }) {
            allocation::divide(&mut self.state, &self.session.plan, self.now);
        }
        if self.acts_at != self.now {
            action.at = self.acts_at;
            if let Command::Suspend { expiry, .. } | Command::SetLimit { expiry, .. } = &mut action.what
                && let Expiry::After(_) = expiry
            {
                *expiry = Expiry::At(expiry.instant(self.now));
            }
        }
        self.events.push(action_event(&self.session.plan.scheduler, &action));
        Ok(())
    }

    /// Keeps the state with everything that led to it.
    ///
    /// # Errors
    /// When it cannot be written; what was kept is as it was then.
    pub fn save(mut self) -> Result<State, Failure> {
        self.state.expire(self.now);
        let record: OperatorRecord = self.state.record(self.acts_at);
        self.repository.save(&[record], &self.events)?;
        Ok(self.state)
    }
}
