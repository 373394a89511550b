//! From the values of a variant to its Plan.

use std::cell::RefCell;

use hemiola_components::strategy::{EngineSpec, ParameterKind, ParameterSpec, ParameterValue};

use super::axis::{Axis, Values};
use super::space::Space;
use crate::config::plan::{Plan, SchedulePlan, StrategyPlan};
use crate::config::{Config, ConfigError, Problem, Scalar, Selection, Setting};

/// What an axis changes.
#[derive(Clone, Debug, PartialEq)]
enum Aim {
    /// A parameter of strategies that the Plan has, as indices: nothing else of the Plan depends on it.
    Parameter {
        /// Into [`Plan::strategies`].
        strategies: Vec<usize>,
        name: String,
    },
    /// Anything: the configuration is read again.
    Configuration,
}

/// What the Plans of a sweep are made of.
#[derive(Clone, Debug)]
pub struct Planner<'a> {
    config: &'a Config,
    selection: &'a Selection,
    engines: &'a [EngineSpec],
    aims: Vec<Aim>,
}

impl<'a> Planner<'a> {
    /// Looks up what the axes of a space mean in a configuration, of which `plan` is selected.
    ///
    /// # Errors
    /// Says which path leads nowhere, or which value can never be used there.
    pub fn new(
        config: &'a Config,
        selection: &'a Selection,
        engines: &'a [EngineSpec],
        plan: &Plan,
        space: &Space,
    ) -> Result<Self, String> {
        let aims = space.axes.iter().map(|axis| {
            let aim = aim(config, selection, engines, plan, axis);
            aim.map_err(|error| format!("--grid {error}"))
        });
        Ok(Self { config, selection, engines, aims: aims.collect::<Result<_, _>>()? })
    }

    /// A maker of Plans for one thread. `base` is the Plan of the configuration as it is.
    #[must_use]
    pub fn maker<'p>(&'p self, base: &'p Plan) -> Maker<'p> {
        Maker { planner: self, base, last: RefCell::new(None) }
    }
}

/// A Plan, or why there is none.
type Planned = Result<Plan, String>;

/// Makes Plans. It remembers the last configuration: neighbours in a grid often share theirs.
#[derive(Debug)]
pub struct Maker<'p> {
    planner: &'p Planner<'p>,
    base: &'p Plan,
    last: RefCell<Option<(Vec<Setting>, Planned)>>,
}

impl Maker<'_> {
    /// The Plan of a variant.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn plan(&self, settings: Vec<Setting>) -> Result<Plan, String> {
        let mut others = Vec::new();
        let mut parameters = Vec::new();
        for (setting, aim) in settings.into_iter().zip(&self.planner.aims) {
            match aim {
                Aim::Parameter { strategies, name } => parameters.push((strategies, name, setting.value)),
                Aim::Configuration => others.push(setting),
            }
        }
        let mut plan = self.configured(others)?;
        let mut changed = Vec::new();
        for (strategies, name, value) in parameters {
            let value = match value {
                Scalar::Number(number) => ParameterValue::Number(number),
                other => ParameterValue::Text(other.to_string()),
            };
            for strategy in strategies {
                plan.strategies[*strategy].parameters.0.insert(name.clone(), value.clone());
                changed.push(*strategy);
            }
        }
        for strategy in changed.into_iter().map(|strategy| &plan.strategies[strategy]) {
            let spec = self.planner.engines.iter().find(|spec| spec.name == strategy.engine);
            let checked = spec.map_or(Ok(()), |spec| (spec.check)(&strategy.parameters));
            checked.map_err(|error| format!("strategy `{}`: {error}", strategy.name))?;
        }
        Ok(plan)
    }

    fn configured(&self, settings: Vec<Setting>) -> Result<Plan, String> {
        if settings.is_empty() {
            return Ok(self.base.clone());
        }
        let mut last = self.last.borrow_mut();
        if let Some((known, plan)) = &*last
            && *known == settings
        {
            return plan.clone();
        }
        let plan = self.configure(&settings);
        *last = Some((settings, plan.clone()));
        plan
    }

    fn configure(&self, settings: &[Setting]) -> Result<Plan, String> {
        let Planner { config, selection, engines, .. } = self.planner;
        let planned = config.with(settings, selection, engines).and_then(|config| config.plan(selection));
        let mut plan = planned.map_err(|error| match error {
            ConfigError::Invalid(problems) => {
                let line = |problem: &Problem| format!("{}: {}", problem.path, problem.message);
                problems.iter().map(line).collect::<Vec<_>>().join("; ")
            }
            unreadable @ ConfigError::Unreadable { .. } => unreadable.to_string(),
        })?;
        plan.operator.clone_from(&self.base.operator);
        reads_the_same(self.base, &plan)?;
        Ok(plan)
    }
}

/// Whether a Plan reads no other market data than another one: a sweep reads it once.
fn reads_the_same(base: &Plan, plan: &Plan) -> Result<(), String> {
    let refuse = |what: &str| {
        Err(format!(
            "it trades {what} than the configuration as it is, and a sweep reads its candles once: make it a sweep of its own"
        ))
    };
    if base.instruments != plan.instruments
        || base.venue_symbols != plan.venue_symbols
        || base.data_root != plan.data_root
    {
        return refuse("other instruments, or by other rules,");
    }
    let read: Vec<_> =
        base.schedules.iter().map(|one| (one.interval, &one.instruments, &one.pairs)).collect();
    let same = |one: &SchedulePlan| read.contains(&(one.interval, &one.instruments, &one.pairs));
    if !plan.schedules.iter().all(same) {
        return refuse("other candles or pairs");
    }
    let texts = |plan: &Plan| -> Vec<(String, String, Vec<ParameterValue>)> {
        let of = |strategy: &StrategyPlan| {
            let values = strategy.parameters.0.values();
            let texts = values.filter(|value| matches!(value, ParameterValue::Text(_))).cloned().collect();
            (strategy.name.clone(), strategy.engine.clone(), texts)
        };
        plan.strategies.iter().map(of).collect()
    };
    if texts(base) != texts(plan) {
        return refuse("other strategies, or strategies of other engines, venues or files,");
    }
    Ok(())
}

fn aim(
    config: &Config,
    selection: &Selection,
    engines: &[EngineSpec],
    plan: &Plan,
    axis: &Axis,
) -> Result<Aim, String> {
    let places = config.places(&axis.path, selection)?;
    check_key(config, selection, engines, axis)?;
    let mut strategies = Vec::new();
    let mut parameter = None;
    for place in &places {
        let ["strategies", strategy, "parameters", name] =
            &place.iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            return Ok(Aim::Configuration);
        };
        let Some(index) = plan.strategies.iter().position(|one| one.name == *strategy) else { continue };
        let engine = engines.iter().find(|spec| spec.name == plan.strategies[index].engine);
        let spec = engine.and_then(|spec| spec.parameters.iter().find(|spec| spec.name == *name));
        // What names a venue or a file decides what is traded.
        let Some(spec) = spec.filter(|spec| is_plain(spec)) else { return Ok(Aim::Configuration) };
        strategies.push(index);
        parameter = Some((spec, (*name).to_owned()));
    }
    let Some((spec, name)) = parameter else {
        return Err(format!("{}: no schedule of `{}` uses that strategy", axis.path, plan.scheduler));
    };
    match &axis.values {
        Values::Listed(values) => values.iter().try_for_each(|value| check(spec, value)),
        Values::Between { low, high, .. } => {
            [*low, *high].iter().try_for_each(|end| check(spec, &Scalar::Number(*end)))
        }
    }
    .map_err(|error| format!("{}: {error}", axis.path))?;
    Ok(Aim::Parameter { strategies, name })
}

/// Whether the configuration knows the last key of an axis, whatever it says of the values.
fn check_key(
    config: &Config,
    selection: &Selection,
    engines: &[EngineSpec],
    axis: &Axis,
) -> Result<(), String> {
    let value = match &axis.values {
        Values::Listed(values) => values[0].clone(),
        Values::Between { low, .. } => Scalar::Number(*low),
    };
    match config.with(&[Setting { path: axis.path.clone(), value }], selection, engines) {
        Err(ConfigError::Invalid(problems)) => {
            let unknown =
                problems.iter().find(|problem| ["unknown_key", "unknown_path"].contains(&problem.code));
            unknown.map_or(Ok(()), |problem| Err(problem.to_string()))
        }
        _ => Ok(()),
    }
}

const fn is_plain(spec: &ParameterSpec) -> bool {
    !matches!(spec.kind, ParameterKind::Venue | ParameterKind::TargetsFile)
}

/// Whether a parameter may ever have a value.
fn check(spec: &ParameterSpec, value: &Scalar) -> Result<(), String> {
    let (fits, expected) = match (spec.kind, value) {
        (ParameterKind::Count { min, max }, value) => {
            let fits = matches!(value, Scalar::Number(number)
                if number.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(number));
            (fits, format!("a whole number from {min} to {max}"))
        }
        (ParameterKind::Number { min, max }, value) => {
            let fits = matches!(value, Scalar::Number(number) if (min..=max).contains(number));
            (fits, format!("a number from {min} to {max}"))
        }
        (ParameterKind::Positive { max }, value) => {
            let fits = matches!(value, Scalar::Number(number) if *number > 0.0 && *number <= max);
            (fits, format!("a number above 0, up to {max}"))
        }
        (ParameterKind::Choice(words), value) => {
            (words.contains(&value.to_string().as_str()), format!("one of {}", words.join(", ")))
        }
        (ParameterKind::Venue | ParameterKind::TargetsFile, _) => (true, String::new()),
    };
    if fits { Ok(()) } else { Err(format!("{value} cannot be used; expected {expected}")) }
}
