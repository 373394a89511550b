//! The result of a run as one number: SHA-256 over what happened, in the order it happened.
//!
//! In it: signals, weights used, commands and what they change, refusals, orders, fills, day closes, the peak, the worst drawdown, final cash and
//! positions. Not in it: run ids, hashes of inputs, tick counts, measured durations. Numbers enter as their bits,
//! little endian; names enter once, as the header, and indices refer to them.

use hemiola_components::capital::Weight;
use hemiola_components::control::{Command, Expiry, OperatorAction, Suspension};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Change, Event, Record};
use hemiola_components::order::{Order, OrderKind, OrderSize, Origin};
use hemiola_components::portfolio::Account;
use hemiola_components::signal::{Protection, Reasons, Signal, SignalKind};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest as _, Sha256};

/// The format's name; a change of what is hashed changes it.
const FORMAT: &[u8] = b"hemiola digest 3";

/// Bytes that are hashed at once.
const BUFFER: usize = 1 << 13;

/// A running digest of one portfolio.
#[derive(Clone, Debug)]
pub struct Digest {
    hash: Sha256,
    buffer: Vec<u8>,
}

/// A running digest, to go on with another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDigest {
    /// The state of SHA-256 with the part of a block that has not been hashed.
    hash: Vec<u8>,
    buffer: Vec<u8>,
}

impl SavedDigest {
    /// The digest as it was; `None` when that is no state of SHA-256.
    #[must_use]
    pub fn load(&self) -> Option<Digest> {
        let hash = Sha256::deserialize(self.hash.as_slice().try_into().ok()?).ok()?;
        let mut buffer = Vec::with_capacity(BUFFER);
        buffer.extend_from_slice(&self.buffer);
        Some(Digest { hash, buffer })
    }
}

impl Digest {
    /// Starts with the names that the records' indices refer to.
    #[must_use]
    pub fn new<'a>(
        schedules: impl IntoIterator<Item = &'a str>,
        instruments: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut digest = Self { hash: Sha256::new(), buffer: Vec::with_capacity(BUFFER) };
        digest.hash.update(FORMAT);
        for (list, names) in
            [(0, schedules.into_iter().collect::<Vec<_>>()), (1, instruments.into_iter().collect())]
        {
            digest.byte(list).count(names.len());
            for name in names {
                digest.count(name.len());
                digest.buffer.extend_from_slice(name.as_bytes());
            }
        }
        digest.flush();
        digest
    }

    /// Takes in a record. Records come in the order they happened.
    pub fn record(&mut self, record: &Record) {
        self.long(record.at.get());
        match &record.event {
            Event::Signal(emitted) => {
                self.byte(1).place(emitted.schedule, emitted.instrument).long(emitted.bar_time.get());
                self.byte(u8::from(emitted.kept)).signal(&emitted.signal);
            }
            Event::Weight { schedule, weight } => {
                let Weight { share, raw, smoothed, profile, tag } = *weight;
                self.byte(2).count(schedule.get()).float(share).float(smoothed).float(profile);
                self.maybe(raw).maybe(tag.map(|tag| tag.weight));
            }
            Event::Control(change) => {
                self.byte(14).change(change);
            }
            Event::Unchanged { schedule, instrument } => {
                self.byte(3).place(*schedule, *instrument);
            }
            Event::Refused { schedule, instrument, refusal } => {
                self.byte(4).place(*schedule, *instrument);
                self.text(refusal.rule.name()).float(refusal.value).float(refusal.limit);
            }
            Event::Order(order) => {
                self.byte(5).order(order);
            }
            Event::Fill { fill, position, realised } => {
                self.byte(6).order(&fill.order).long(fill.time.get());
                self.float(fill.price.get()).float(fill.quantity.get()).float(fill.fee.get());
                self.byte(u8::from(fill.clipped)).byte(u8::from(fill.after_gap));
                self.float(position.get()).float(realised.get());
            }
            Event::Borrow { schedule, instrument, amount } => {
                self.byte(11).place(*schedule, *instrument).float(amount.get());
            }
            Event::Unfilled(order) => {
                self.byte(7).order(order);
            }
            Event::Adjusted { schedule, instrument, refusal, quantity } => {
                self.byte(11).place(*schedule, *instrument);
                self.text(refusal.rule.name())
                    .float(refusal.value)
                    .float(refusal.limit)
                    .float(quantity.get());
            }
            Event::Latch { risk_profile, rule, entered, value, limit } => {
                self.byte(12).count(*risk_profile).text(rule.name()).byte(u8::from(*entered));
                self.float(*value).float(*limit);
            }
            Event::Alert { risk_profile, alert, order, value, limit } => {
                self.byte(13).count(*risk_profile).text(alert.code());
                if let Some((schedule, instrument)) = order {
                    self.place(*schedule, *instrument);
                }
                self.float(*value).float(*limit);
            }
            Event::DayClose { equity, cash } => {
                self.byte(8).float(equity.get()).float(cash.get());
            }
        }
        self.flush_when_full();
    }

    /// What it has come to.
    #[must_use]
    pub fn save(&self) -> SavedDigest {
        SavedDigest { hash: self.hash.serialize().to_vec(), buffer: self.buffer.clone() }
    }

    /// Ends with the account and the positions, by schedule, then instrument. Gives the digest.
    #[must_use]
    pub fn finish(mut self, account: &Account, positions: impl IntoIterator<Item = Quantity>) -> [u8; 32] {
        self.byte(9).float(account.peak.get()).float(account.max_drawdown).float(account.cash.get());
        for quantity in positions {
            self.float(quantity.get());
        }
        self.flush();
        self.hash.finalize().into()
    }

    fn order(&mut self, order: &Order) -> &mut Self {
        self.place(order.schedule, order.instrument).long(order.at.get()).count(order.ordinal as usize);
        let (kind, size) = match order.size {
            OrderSize::Base(quantity) => (1, quantity.get()),
            OrderSize::Quote(amount) => (2, amount.get()),
            OrderSize::Spend(amount) => (3, amount.get()),
        };
        self.text(order.side.name());
        match order.kind {
            OrderKind::Market => self.byte(kind),
            OrderKind::Limit { price, post_only } => {
                self.byte(0x10 | kind).float(price.get()).byte(u8::from(post_only))
            }
            OrderKind::Stop { trigger } => self.byte(0x20 | kind).float(trigger.get()),
        };
        if order.origin != Origin::Engine {
            self.text(order.origin.name());
        }
        self.float(size).float(order.reference.get()).protection(order.protection)
    }

    fn signal(&mut self, signal: &Signal) {
        self.text(signal.kind.name()).float(signal.confidence.get());
        match signal.kind {
            SignalKind::Enter(_) | SignalKind::Exit => {}
            SignalKind::Target(fraction) => _ = self.float(fraction.get()),
            SignalKind::Delta(quantity) => _ = self.float(quantity.get()),
        }
        let Reasons { side, regime, protection, legs, metadata } = signal.reasons();
        self.text(side).text(regime).protection(protection);
        for leg in legs.iter().flatten() {
            self.text(leg.side.name()).float(leg.quantity.get()).float(leg.price.get());
        }
        for (name, value) in metadata.iter() {
            self.text(name).float(value);
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Command(OperatorAction { at, who, why, what }) => {
                self.byte(0).long(at.get()).text(who).text(why.as_deref().unwrap_or_default()).command(what);
            }
            Change::LimitEnded(limit) => {
                self.byte(1).text(&limit.strategy).text(&limit.risk_profile).count(limit.limit as usize);
            }
            Change::SuspensionEnded(suspension) => {
                self.byte(2).suspension(suspension);
            }
            Change::Suspended { schedule, suspension } => {
                self.byte(3).count(schedule.get()).suspension(suspension);
            }
            Change::Failed { schedule, instrument, message } => {
                self.byte(6).place(*schedule, *instrument).text(message);
            }
            Change::Resumed { schedule } => {
                self.byte(4).count(schedule.get());
            }
            Change::Governed { strategies, decision, .. } => {
                self.byte(5).count(strategies.len());
                for ((name, weight), score) in strategies.iter().zip(&decision.weights).zip(&decision.scores)
                {
                    self.text(name).float(*weight).float(*score);
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::SetLimit { strategy, risk_profile, limit, expiry } => {
                self.byte(0).text(strategy).text(risk_profile).count(*limit as usize).expiry(*expiry);
            }
            Command::ClearLimit { strategy, risk_profile } => {
                self.byte(1).text(strategy).text(risk_profile);
            }
            Command::Suspend { target, expiry } => {
                self.byte(2).text(target.scope()).text(target.name()).expiry(*expiry);
            }
            Command::Resume { target } => {
                self.byte(3).text(target.scope()).text(target.name());
            }
            Command::SetPolicy { policy, rebalances } => {
                self.byte(4).text(policy.kind.name()).byte(u8::from(*rebalances));
            }
            Command::SetInterval { cool_down } => {
                self.byte(5).long(cool_down.map_or(0, Nanos::get));
            }
            Command::CancelOrders => {
                self.byte(7);
            }
            Command::Flatten => {
                self.byte(8);
            }
            Command::Rebalance => {
                self.byte(6);
            }
        }
    }

    fn suspension(&mut self, suspension: &Suspension) -> &mut Self {
        let Suspension { target, reason, applied_at, expires_at } = suspension;
        self.text(target.scope()).text(target.name()).text(reason);
        self.long(applied_at.get()).long(expires_at.get())
    }

    fn expiry(&mut self, expiry: Expiry) -> &mut Self {
        match expiry {
            Expiry::Never => self.byte(0),
            Expiry::At(instant) => self.byte(1).long(instant.get()),
            Expiry::After(length) => self.byte(2).long(length.get()),
        }
    }

    fn maybe(&mut self, value: Option<f64>) -> &mut Self {
        match value {
            Some(value) => self.byte(1).float(value),
            None => self.byte(0),
        }
    }

    fn protection(&mut self, protection: Option<Protection>) -> &mut Self {
        match protection {
            Some(Protection { atr, stop }) => self.byte(1).float(atr).float(stop.get()),
            None => self.byte(0),
        }
    }

    fn place(&mut self, schedule: ScheduleIndex, instrument: InstrumentIndex) -> &mut Self {
        self.count(schedule.get()).count(instrument.get())
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.count(text.len());
        self.buffer.extend_from_slice(text.as_bytes());
        self
    }

    fn byte(&mut self, byte: u8) -> &mut Self {
        self.buffer.push(byte);
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.buffer.extend_from_slice(&(count as u64).to_le_bytes());
        self
    }

    fn long(&mut self, value: i64) -> &mut Self {
        self.buffer.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Zero has one form: which of the two a result takes can depend on how it was reached.
    fn float(&mut self, value: f64) -> &mut Self {
        self.buffer.extend_from_slice(&(value + 0.0).to_bits().to_le_bytes());
        self
    }

    /// Hashes what has gathered, once it is enough to be worth it.
    fn flush_when_full(&mut self) {
        /// No record takes more than this.
        const ROOM: usize = 1_024;
        if self.buffer.len() > BUFFER - ROOM {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.hash.update(&self.buffer);
        self.buffer.clear();
    }
}
