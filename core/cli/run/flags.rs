//! The seed documents' spellings of what is done to a scheduler before a run: one table, hidden from the help.

use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::cli::sched::{Name, name};
use crate::operator::show::View;

/// A flag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// Its spelling, without hyphens before it.
    pub(crate) long: &'static str,
    /// The name of its value, when it has one.
    value: Option<&'static str>,
    /// Whether it may stand several times.
    repeats: bool,
    /// What it is called now.
    pub(crate) modern: &'static str,
    /// What it does.
    pub(crate) act: Act,
}

/// What a flag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    ResumeSchedule,
    ResumeTag,
    SetLimit,
    ClearLimit,
    SuspendSchedule,
    SuspendTag,
    /// Reason, end or duration of the suspensions: its place.
    Suspension(usize),
    /// Reason, end or duration of the limits: its place.
    Limit(usize),
    SetPolicy,
    SkipRebalance,
    ApplyInterval,
    SetInterval,
    Rebalance,
    Show(View),
    Export(View),
    Once,
    Forever,
}

const fn flag(long: &'static str, modern: &'static str, act: Act) -> Flag {
    Flag { long, value: None, repeats: false, modern, act }
}

const fn one(long: &'static str, value: &'static str, modern: &'static str, act: Act) -> Flag {
    Flag { value: Some(value), ..flag(long, modern, act) }
}

const fn many(long: &'static str, value: &'static str, modern: &'static str, act: Act) -> Flag {
    Flag { repeats: true, ..one(long, value, modern, act) }
}

/// In the order in which they are done.
pub(crate) const FLAGS: [Flag; 29] = [
    many("resume-schedule", "NAME", "sched resume SCHEDULE", Act::ResumeSchedule),
    many("resume-tag", "TAG", "sched resume --tag TAG", Act::ResumeTag),
    many(
        "set-signal-limit",
        "STRATEGY:PROFILE=LIMIT",
        "sched limit set STRATEGY:PROFILE=LIMIT",
        Act::SetLimit,
    ),
    many("clear-signal-limit", "STRATEGY:PROFILE", "sched limit clear STRATEGY:PROFILE", Act::ClearLimit),
    many("suspend-schedule", "NAME", "sched suspend SCHEDULE", Act::SuspendSchedule),
    many("suspend-tag", "TAG", "sched suspend --tag TAG", Act::SuspendTag),
    one("set-capital-policy", "FILE", "sched policy set FILE", Act::SetPolicy),
    one("set-allocation-interval", "SECONDS", "sched interval SECONDS", Act::SetInterval),
    flag("rebalance-capital", "sched capital rebalance", Act::Rebalance),
    one("suspension-reason", "TEXT", "sched suspend --reason TEXT", Act::Suspension(0)),
    one("suspension-until", "INSTANT", "sched suspend --until INSTANT", Act::Suspension(1)),
    one("suspension-duration", "DURATION", "sched suspend --duration DURATION", Act::Suspension(2)),
    one("signal-limit-reason", "TEXT", "sched limit set --reason TEXT", Act::Limit(0)),
    one("signal-limit-until", "INSTANT", "sched limit set --until INSTANT", Act::Limit(1)),
    one("signal-limit-duration", "DURATION", "sched limit set --duration DURATION", Act::Limit(2)),
    flag("skip-policy-rebalance", "sched policy set --skip-rebalance", Act::SkipRebalance),
    flag("apply-policy-interval", "sched policy set --apply-interval", Act::ApplyInterval),
    flag("list-suspensions", "sched suspensions", Act::Show(View::Suspensions)),
    one("export-suspensions", "PATH", "sched suspensions --export PATH", Act::Export(View::Suspensions)),
    flag("list-signal-limits", "sched limit list", Act::Show(View::Limits)),
    one("export-signal-limits", "PATH", "sched limit list --export PATH", Act::Export(View::Limits)),
    flag("list-schedules", "sched list", Act::Show(View::Schedules)),
    one("export-schedules", "PATH", "sched list --export PATH", Act::Export(View::Schedules)),
    flag("show-capital-state", "sched capital show", Act::Show(View::Capital)),
    one("export-capital-state", "PATH", "sched capital show --export PATH", Act::Export(View::Capital)),
    flag("show-capital-diagnostics", "sched capital diagnostics", Act::Show(View::Diagnostics)),
    one(
        "export-capital-diagnostics",
        "PATH",
        "sched capital diagnostics --export PATH",
        Act::Export(View::Diagnostics),
    ),
    flag("run-once", "run --once", Act::Once),
    flag("run-forever", "run", Act::Forever),
];

/// The flags of a command line with their values, in the order of the table.
#[derive(Debug)]
pub(crate) struct Given(Vec<(Flag, Vec<String>)>);

impl Given {
    /// Every flag that was said, with its values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Flag, &[String])> {
        self.0.iter().map(|(flag, values)| (flag, values.as_slice()))
    }

    /// The values of what does something, in the order they were said.
    pub(crate) fn values(&self, act: Act) -> impl Iterator<Item = &str> {
        let of_act = self.0.iter().filter(move |(flag, _)| flag.act == act);
        of_act.flat_map(|(_, values)| values).map(String::as_str)
    }

    /// Whether something was said.
    pub(crate) fn has(&self, act: Act) -> bool {
        self.0.iter().any(|(flag, _)| flag.act == act)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let said = FLAGS.iter().filter_map(|flag| {
            if flag.value.is_none() {
                return matches.get_flag(flag.long).then(|| (*flag, Vec::new()));
            }
            let values = matches.get_many::<Name>(flag.long)?;
            Some((*flag, values.map(|Name(value)| value.clone()).collect()))
        });
        Ok(Self(said.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.iter().map(|flag| {
            let arg = Arg::new(flag.long).long(flag.long).help(flag.modern).hide(true);
            match (flag.value, flag.repeats) {
                (None, _) => arg.action(ArgAction::SetTrue),
                (Some(value), false) => arg.value_name(value).value_parser(name),
                (Some(value), true) => arg.value_name(value).value_parser(name).action(ArgAction::Append),
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_flag_is_taken_and_no_help_shows_it() {
        for flag in FLAGS {
            let mut line = vec!["hemiola".to_owned(), "run".to_owned()];
            for _ in 0..=usize::from(flag.repeats) {
                line.push(format!("--{}", flag.long));
                line.extend(flag.value.map(ToOwned::to_owned));
            }
            let matches = Cli::command().try_get_matches_from(&line);
            let matches = matches.unwrap_or_else(|error| panic!("{line:?}: {error}"));
            let given = Given::from_arg_matches(matches.subcommand_matches("run").unwrap()).unwrap();
            let said: Vec<_> = given.all().map(|(one, values)| (one.long, values.len())).collect();
            let count = usize::from(flag.value.is_some()) * (1 + usize::from(flag.repeats));
            assert_eq!(said, [(flag.long, count)]);
        }
        let mut root = Cli::command();
        let help = root.find_subcommand_mut("run").unwrap().render_long_help().to_string();
        let shown: Vec<_> = FLAGS.iter().filter(|flag| help.contains(&format!("--{} ", flag.long))).collect();
        assert!(shown.is_empty(), "{shown:?}");
    }
}
