//! Alert channels: numbers and senders.

use crate::config::problem::quoted;
use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    let Some(alerts) = root.get("alerts") else { return };
    for provider in alerts.map("sms_providers") {
        provider.get("from_number").iter().for_each(check_number);
        provider.items_of("recipients").iter().for_each(check_number);
        check_sender(&provider);
    }
    for channel in alerts.map("signal_channels") {
        channel.get("sender_number").iter().for_each(check_number);
        channel.items_of("recipients").iter().for_each(check_number);
    }
}

/// E.164: a plus and 7 to 15 digits.
fn check_number(number: &View<'_>) {
    let Some(text) = number.node.text() else { return };
    let digits = text.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        number.error("bad_number", format!("{} is no number: write \"+48123456789\"", quoted(text)));
    }
}

fn check_sender(provider: &View<'_>) {
    const LONGEST: usize = 11;
    let sender = provider.get("sender_id");
    let is_allowed = provider.flag("allow_alphanumeric_sender");
    match sender {
        Some(sender) if !is_allowed => {
            sender.error("mismatch", "counts only with `allow_alphanumeric_sender: true`");
        }
        Some(sender) if sender.node.text().is_some_and(|text| text.chars().count() > LONGEST) => {
            sender.error("out_of_range", "may have 11 characters at most");
        }
        None if is_allowed && !provider.has("sender_id") => provider.missing("sender_id"),
        _ => {}
    }
}
