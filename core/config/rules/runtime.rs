//! Controllers, entry points, routes and resources.

use hemiola_components::time::Interval;

use crate::config::model::Mode;
use crate::config::problem::quoted;
use crate::config::view::View;

pub(super) fn check(root: &View<'_>) {
    let Some(runtime) = root.get("runtime") else {
        root.map("runtime_entrypoints").iter().for_each(|entry| check_entrypoint(entry, root));
        return;
    };
    runtime.map("controllers").iter().for_each(check_controller);
    if let Some(routing) = runtime.get("live_routing") {
        check_routing(&routing);
    }
    if let Some(threshold) =
        runtime.get("resource_limits").and_then(|limits| limits.get("headroom_warning_threshold"))
        && threshold.own_number().is_some_and(|share| share <= 0.0 || share >= 1.0)
    {
        threshold
            .warning("doubtful_range", "should be between 0 and 1: the share of a limit from which it warns");
    }
    root.map("runtime_entrypoints").iter().for_each(|entry| check_entrypoint(entry, root));
}

/// A tick should be as long as its candles.
fn check_controller(controller: &View<'_>) {
    let (Some(tick), Some(seconds)) = (controller.get("tick_seconds"), controller.number("tick_seconds"))
    else {
        return;
    };
    let interval = controller.text("interval").and_then(|text| text.parse::<Interval>().ok());
    let Some(length) = interval.map(|interval| interval.length().seconds()) else { return };
    if (seconds - length).abs() > (length * 0.1).max(1.0) {
        let message = format!("a tick of {seconds} s does not fit candles of {length} s");
        tick.warning("doubtful_tick", message);
    }
}

fn check_routing(routing: &View<'_>) {
    if routing.flag("enabled") && routing.items_of("default_route").is_empty() {
        routing.missing("default_route");
    }
    if let Some(buckets) = routing.get("latency_histogram_buckets") {
        let numbers: Vec<f64> = buckets.items().iter().filter_map(View::own_number).collect();
        if !numbers.is_sorted_by(|one, next| one < next) {
            buckets.error("bad_range", "bounds must ascend");
        }
    }
}

fn check_entrypoint(entry: &View<'_>, root: &View<'_>) {
    let Some(compliance) = entry.get("compliance") else { return };
    let allowed = compliance.texts("risk_profiles");
    if let Some(profile) = entry.get("risk_profile")
        && let Some(name) = profile.node.text()
        && !allowed.is_empty()
        && !allowed.iter().any(|one| one == name)
    {
        profile.error("compliance", format!("`compliance.risk_profiles` does not allow {}", quoted(name)));
    }
    let environment = entry.text("environment").and_then(|name| root.get("environments")?.get(name));
    let kind = environment.and_then(|environment| environment.text("environment"));
    if kind.map(Mode::named) == Some(Mode::Live) && !compliance.flag("live_allowed") {
        let message = "trades real money, and `compliance.live_allowed` does not say that it may".to_owned();
        entry.problems.error(&entry.key_place(), "compliance", message);
    }
    if compliance.flag("require_signoff")
        && (!compliance.flag("signed") || compliance.items_of("signoffs").is_empty())
    {
        let message = "must be signed, and has no `signed: true` with `signoffs`".to_owned();
        entry.problems.error(&entry.key_place(), "compliance", message);
    }
}
