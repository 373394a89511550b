//! Operator logs: what is written is read back as it was.

use hemiola::config::{Names, load_operator_log};
use hemiola::operator::log::line;
use proptest::prelude::*;

use crate::support::controls::actions;

proptest! {
    #[test]
    fn every_action_is_read_back(actions in actions()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, actions.iter().map(|action| line(action) + "\n").collect::<String>()).unwrap();
        let names = Names {
            schedules: vec!["schedule 0", "schedule 1", "schedule 2"],
            tags: vec![],
            strategies: vec!["calm", "quick", "outside"],
            risk_profiles: vec!["up to 0", "up to 1", "up to 2", "up to 3", "up to 4", "up to 5"],
        };
        let read = load_operator_log(&path, &names).unwrap_or_else(|error| panic!("{error}"));
        prop_assert_eq!(read, actions);
    }
}
