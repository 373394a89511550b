//! Licence, permissions and what is known of exchanges.

use super::environment::KINDS;
use super::{Kind, Names, Shape, TEXTS, key, map};

pub(crate) const LICENSE: Shape = Shape {
    summary: "Which engines may be used.",
    keys: &[
        key(
            "capabilities_path",
            Kind::Path,
            "The capabilities file. Where there is none, every engine may be used.",
        )
        .otherwise("`capabilities.yaml` beside the configuration, if it is there"),
        key("license_path", Kind::Path, "The licence.").later(),
        key("hwid_path", Kind::Path, "What the licence says of the machine.").later(),
    ],
};

pub(crate) const PERMISSION_PROFILE: Shape = Shape {
    summary: "Permissions of an exchange key.",
    keys: &[
        key("required_permissions", TEXTS, "It must have them.").texts(&[]),
        key("forbidden_permissions", TEXTS, "It must not have them.").texts(&[]),
    ],
};

/// By mode.
pub(crate) const ACCOUNTS: Kind = map("modes", &Kind::Section(&ACCOUNT));

const ACCOUNT: Shape = Shape {
    summary: "An account.",
    keys: &[
        key("environment", Kind::Reference(Names::Environments), "The environment that trades on it.")
            .required(),
        key("keychain_key", Kind::Text, "Name of its key in the secret store.").required(),
        key("risk_profile", Kind::Reference(Names::RiskProfiles), "Its limits."),
    ],
};

pub(crate) const ADAPTERS: Shape = Shape {
    summary: "Which adapter serves an exchange.",
    keys: &[
        key(KINDS[1], Kind::Text, "The adapter of its test network."),
        key(KINDS[2], Kind::Text, "The adapter of simulated trading."),
        key(KINDS[3], Kind::Text, "The adapter of real trading."),
        key("adapter", Kind::Text, "The adapter of every mode."),
        key("supports_testnet", Kind::Bool, "Whether it has a test network.").flag(false),
        key("default_settings", map("settings", &Kind::Free), "Passed on as they are.").filled(),
    ],
};

pub(crate) const LIFECYCLE: Shape = Shape {
    summary: "Whether an exchange may be used.",
    keys: &[
        key("status", Kind::Word(&["active", "disabled"]), "Whether it may.").required(),
        key("reason", Kind::Text, "Why not."),
    ],
};
