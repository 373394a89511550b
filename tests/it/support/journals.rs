//! Small journals, signed and linked as a run writes them.

use hemiola_adapters::journal::{
    Algorithm, Chain, Checkpoint, CheckpointKey, DecisionBody, Field, Head, MacKey, Values,
};
use hemiola_components::time::Nanos;
use serde_json::json;
use zeroize::Zeroizing;

/// 2024-01-31T12:00:00, when these journals begin.
const START: i64 = 1_706_702_400_000_000_000;

/// What the run is called.
pub(crate) const RUN: &str = "4f1c0a9e12b38d77";

pub(crate) fn key(algorithm: Algorithm, id: Option<&str>, secret: &str) -> MacKey {
    MacKey::new(algorithm, id.map(str::to_owned), &Zeroizing::new(secret.as_bytes().to_vec()))
}

pub(crate) fn checkpoint_key() -> CheckpointKey {
    CheckpointKey::from_seed(&Zeroizing::new([7; 32]))
}

/// Records of one chain, a minute apart.
pub(crate) struct Journal {
    chain: Chain,
    /// Each with its line break.
    pub(crate) lines: Vec<String>,
}

impl Journal {
    /// Begins with the opening record.
    pub(crate) fn open(key: Option<MacKey>) -> Self {
        let mut journal = Self { chain: Chain::new(key, Head::default()), lines: Vec::new() };
        journal.reopen();
        journal
    }

    /// Begins another session.
    pub(crate) fn reopen(&mut self) {
        let mut body = self.body("journal_opened");
        body.metadata("format", &json!("hemiola.journal/1"))
            .metadata("run_id", &json!(RUN))
            .metadata("binary", &json!("0.1.0"))
            .metadata("config_sha256", &json!("0c2f"))
            .metadata("data", &json!([{ "blake3": "91ab", "name": "BTC_USDT/1h.parquet" }]))
            .metadata("seed", &json!(1))
            .metadata("algorithm", &json!(self.algorithm()))
            .metadata("currency", &json!("USDT"))
            .metadata("initial_cash", &json!(1000.0))
            .metadata("checkpoint_key", &json!(checkpoint_key().public().to_string()));
        if self.chain.key().is_none() {
            body.metadata("demo", &json!(true));
        }
        self.record(body);
    }

    fn algorithm(&self) -> &'static str {
        self.chain.key().map_or("none", |key| key.algorithm().name())
    }

    /// A record of the minute.
    pub(crate) fn body(&self, event: &str) -> DecisionBody {
        let minute = i64::try_from(self.chain.head().count).unwrap() * super::MINUTE;
        let environment = if self.chain.key().is_some() { "desk" } else { "demo" };
        DecisionBody::new(event, Nanos::new(START + minute), environment, "main", "balanced")
    }

    /// An order that was filled.
    pub(crate) fn fill(&mut self, schedule: &str, symbol: &str, side: &str, (quantity, price): (f64, f64)) {
        let id = format!("{RUN}-0-{}-0", self.chain.head().count);
        let mut body = self.body("order_executed");
        body.text(Field::Schedule, schedule)
            .text(Field::Strategy, "crossing")
            .text(Field::Symbol, symbol)
            .text(Field::PrimaryExchange, "binance")
            .text(Field::Side, side)
            .text(Field::Status, "filled")
            .text(Field::SignalId, &format!("{schedule}:{symbol}:{}", self.chain.head().count))
            .metadata("order_id", &json!(id))
            .metadata("fee", &json!(0.25));
        body.number(Field::Quantity, quantity).unwrap().number(Field::Price, price).unwrap();
        self.record(body);
    }

    /// An order that a rule refused.
    pub(crate) fn refusal(&mut self, schedule: &str, symbol: &str, rule: &str) {
        let mut body = self.body("risk_rejected");
        body.text(Field::Schedule, schedule)
            .text(Field::Strategy, "crossing")
            .text(Field::Symbol, symbol)
            .text(Field::Status, "rejected")
            .metadata("rule", &json!(rule))
            .metadata("value", &json!(3.0))
            .metadata("limit", &json!(2.0));
        self.record(body);
    }

    /// Fills on two symbols in turn.
    pub(crate) fn fills(&mut self, count: u32) {
        for number in 0..count {
            let (symbol, side) = if number % 2 == 0 { ("BTC_USDT", "buy") } else { ("ETH_USDT", "sell") };
            self.fill("hourly", symbol, side, (0.5 + f64::from(number), 42_000.0));
        }
    }

    /// Goes on with another key, whose rotation both keys sign.
    pub(crate) fn rotate_key(&mut self, new: MacKey) {
        let mut body = self.body("key_rotated");
        body.metadata("new_key_id", &json!(new.id().unwrap_or_default()))
            .metadata("new_algorithm", &json!(new.algorithm().name()));
        let mut values = Values::default();
        let mut linked = body.clone();
        linked.linked(&self.chain.begin(&mut values));
        let mut text = Vec::new();
        linked.form().write(&values, &mut text);
        body.metadata("new_key_mac", &json!(new.sign(&[&text]).text()));
        self.record(body);
        self.chain.change(new);
    }

    /// Goes on in another file; the lines so far are those of this one.
    pub(crate) fn next_file(&mut self, previous: &str, next: &str) -> String {
        let mut body = self.body("journal_rotated");
        body.metadata("next_file", &json!(next));
        self.record(body);
        let text = std::mem::take(&mut self.lines).concat();
        let mut body = self.body("journal_continued");
        body.metadata("previous_file", &json!(previous))
            .metadata("previous_records", &json!(self.chain.head().count));
        self.record(body);
        text
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        let mut body = self.body("journal_closed");
        body.metadata("records", &json!(self.chain.head().count + 1));
        self.record(body);
        self
    }

    pub(crate) fn record(&mut self, mut body: DecisionBody) {
        let mut values = Values::default();
        body.linked(&self.chain.begin(&mut values));
        let mut line = Vec::new();
        body.form().write(&values, &mut line);
        self.chain.seal(&mut line, 0);
        self.lines.push(String::from_utf8(line).unwrap());
    }

    /// A statement of where it stands.
    pub(crate) fn checkpoint(&self, closed: bool) -> String {
        let head = self.chain.head();
        let minute = i64::try_from(head.count).unwrap() * super::MINUTE;
        Checkpoint { run: RUN.to_owned(), head, time: Nanos::new(START + minute), closed }
            .line(&checkpoint_key())
    }

    pub(crate) fn text(&self) -> String {
        self.lines.concat()
    }
}
