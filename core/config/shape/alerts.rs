//! `alerts`: channels by type.

use super::environment::PORT;
use super::{Key, Kind, Shape, TEXTS, key, map};

/// The type in `type:name`, and the section that defines the names. A local file needs no definition.
pub(crate) const TYPES: [(&str, Option<&str>); 7] = [
    ("telegram", Some("telegram_channels")),
    ("email", Some("email_channels")),
    ("sms", Some("sms_providers")),
    ("signal", Some("signal_channels")),
    ("whatsapp", Some("whatsapp_channels")),
    ("messenger", Some("messenger_channels")),
    ("file", None),
];

pub(crate) const ALERTS: Shape = Shape {
    summary: "Channels that alerts are sent to. Environments name them as `type:name`.",
    keys: &[
        channels("telegram_channels", &Kind::Section(&TELEGRAM)),
        channels("email_channels", &Kind::Section(&EMAIL)),
        channels("sms_providers", &Kind::Section(&SMS)),
        channels("signal_channels", &Kind::Section(&SIGNAL)),
        channels("whatsapp_channels", &Kind::Section(&WHATSAPP)),
        channels("messenger_channels", &Kind::Section(&MESSENGER)),
    ],
};

const fn channels(name: &'static str, of: &'static Kind) -> Key {
    key(name, map("channels", of), "Channels by name.").filled()
}

const fn secret(name: &'static str) -> Key {
    key(name, Kind::Text, "Name of what it needs in the secret store.").required()
}

const RECIPIENTS: Key = key("recipients", TEXTS, "Who gets them.").required();

const TELEGRAM: Shape = Shape {
    summary: "A Telegram chat.",
    keys: &[
        key("chat_id", Kind::Either(&[Kind::Text, Kind::Scalar]), "The chat.").required(),
        secret("token_secret"),
        key("parse_mode", Kind::Text, "How the text is marked up.").text("MarkdownV2"),
    ],
};

const EMAIL: Shape = Shape {
    summary: "A mail server.",
    keys: &[
        key("host", Kind::Text, "The server.").required(),
        key("port", PORT, "Its port.").number(587.0),
        key("from_address", Kind::Text, "Who sends them.").required(),
        RECIPIENTS,
        key("credential_secret", Kind::Text, "Name of user and password in the secret store."),
        key("use_tls", Kind::Bool, "Whether the connection is encrypted.").flag(true),
    ],
};

const SMS: Shape = Shape {
    summary: "An operator for text messages.",
    keys: &[
        key("provider", Kind::Text, "The operator.").required(),
        key("api_base_url", Kind::Text, "Its address.").required(),
        key("from_number", Kind::Text, "Who sends them, in E.164.").required(),
        RECIPIENTS,
        key("allow_alphanumeric_sender", Kind::Bool, "Whether the sender may be a name.").flag(false),
        key("sender_id", Kind::Text, "The name, at most 11 characters."),
        secret("credential_key"),
        key("iso_country_code", Kind::Text, "The country."),
    ],
};

const SIGNAL: Shape = Shape {
    summary: "A Signal gateway.",
    keys: &[
        key("service_url", Kind::Text, "Its address.").required(),
        key("sender_number", Kind::Text, "Who sends them, in E.164.").required(),
        RECIPIENTS,
        key("credential_secret", Kind::Text, "Name of what it needs in the secret store."),
        key("verify_tls", Kind::Bool, "Whether its certificate is checked.").flag(true),
    ],
};

const WHATSAPP: Shape = Shape {
    summary: "A WhatsApp number.",
    keys: &[
        key("phone_number_id", Kind::Text, "The number.").required(),
        RECIPIENTS,
        secret("token_secret"),
        BASE_URL,
        VERSION,
    ],
};

const MESSENGER: Shape = Shape {
    summary: "A Messenger page.",
    keys: &[
        key("page_id", Kind::Text, "The page.").required(),
        RECIPIENTS,
        secret("token_secret"),
        BASE_URL,
        VERSION,
    ],
};

const BASE_URL: Key = key("api_base_url", Kind::Text, "Address of the service.");
const VERSION: Key = key("api_version", Kind::Text, "Version of the service.").text("v16.0");
