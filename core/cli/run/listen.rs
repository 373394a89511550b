//! What a process is told while its session runs, and what it tells the service manager: signals and systemd's notices
//! (systemd, `sd_notify(3)`).

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::sleep;
use tracing::info;

use crate::cli::say;
use crate::exit::{Exit, Failure};
use crate::modes::paper::pulse::Pulse;
use crate::modes::paper::session::Stop;
use crate::pace::{Lateness, Percentiles};

/// After `--stop-timeout` the process ends, whatever it does, after this.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// How often it is looked whether the session has begun or has answered.
const LOOK: Duration = Duration::from_millis(50);

/// Lets signals stop the session, the first in good order, the second at once, and keeps the service manager informed.
pub(super) fn listen(stop: &Arc<Stop>, pulse: &Arc<Pulse>, timeout: Duration) -> Result<(), Failure> {
    let refused =
        |error: io::Error| Failure::new(Exit::Operational, format!("cannot listen to signals: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let (stop, pulse) = (Arc::clone(stop), Arc::clone(pulse));
    let hear = move || {
        runtime.block_on(async {
            tokio::spawn(answer(Arc::clone(&pulse)));
            tokio::spawn(keep_informed(pulse));
            stop_on_signals(stop, timeout).await;
        });
    };
    thread::Builder::new().name("signals".to_owned()).spawn(hear).map_err(refused)?;
    Ok(())
}

async fn stop_on_signals(stop: Arc<Stop>, timeout: Duration) {
    while ended().await.is_ok() {
        stop.ask();
        if stop.asked() > 1 {
            continue;
        }
        say("stopping: no new orders; a second signal skips closing positions");
        info!("asked to stop");
        notice::stopping();
        let stop = Arc::clone(&stop);
        tokio::spawn(async move {
            sleep(timeout).await;
            stop.ask();
            sleep(LAST_MOMENTS).await;
            say("error: the session did not stop in time");
            std::process::exit(i32::from(Exit::Operational as u8));
        });
    }
}

/// Says how late the session's wakes are whenever a signal asks for it.
async fn answer(pulse: Arc<Pulse>) {
    while asked().await.is_ok() {
        pulse.ask();
        for _ in 0..100 {
            sleep(LOOK).await;
            if let Some(lateness) = pulse.take() {
                for line in lines(&lateness) {
                    info!("{line}");
                    say(line);
                }
                break;
            }
        }
    }
}

/// How late wakes were: all of them, as seen and corrected for coordinated omission, then those of each cadence.
fn lines(lateness: &Lateness) -> Vec<String> {
    let line = |name: String, Percentiles { count, p50, p99, p999, max, .. }: Percentiles| {
        let [p50, p99, p999, max] = [p50, p99, p999, max].map(micros);
        format!("{name}: {count} wakes, late by {p50} (median), {p99} (p99), {p999} (p99.9), {max} (most)")
    };
    let all = [("as seen", lateness.raw()), ("corrected", lateness.corrected())];
    let all = all.map(|(name, histogram)| line(name.to_owned(), Percentiles::of(histogram)));
    let cadences = lateness.by_period().map(|(every, of)| line(format!("every {} s", every.seconds()), of));
    all.into_iter().chain(cadences).collect()
}

/// Nanoseconds for people.
pub(super) fn micros(nanos: u64) -> String {
    format!("{:.1} us", nanos as f64 / 1e3)
}

/// Tells the service manager when the session is under way, and from then on that it is alive, as long as it is.
async fn keep_informed(pulse: Arc<Pulse>) {
    while pulse.beats() == 0 {
        sleep(LOOK).await;
    }
    notice::ready();
    let Some(within) = notice::watchdog() else { return };
    let mut last = 0;
    loop {
        let beats = pulse.beats();
        if beats != last {
            notice::alive();
        }
        last = beats;
        sleep(within / 3).await;
    }
}

#[cfg(unix)]
async fn ended() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn ended() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[cfg(unix)]
async fn asked() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    _ = signal(SignalKind::user_defined1())?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn asked() -> io::Result<()> {
    std::future::pending().await
}

/// A service manager that is not there, or does not listen, is no trouble of the session's.
#[cfg(target_os = "linux")]
mod notice {
    use std::time::Duration;

    use sd_notify::NotifyState;

    pub(super) fn ready() {
        _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    pub(super) fn alive() {
        _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }

    pub(super) fn stopping() {
        _ = sd_notify::notify(&[NotifyState::Stopping]);
    }

    /// How often it wants to hear that the process is alive.
    pub(super) fn watchdog() -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }
}

#[cfg(not(target_os = "linux"))]
mod notice {
    use std::time::Duration;

    pub(super) const fn ready() {}

    pub(super) const fn alive() {}

    pub(super) const fn stopping() {}

    pub(super) const fn watchdog() -> Option<Duration> {
        None
    }
}
