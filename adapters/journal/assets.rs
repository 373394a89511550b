//! Base and quote currency read out of a symbol.

/// Known quote currencies, in the order they are tried.
const QUOTES: [&str; 9] = ["USDT", "USDC", "USD", "EUR", "BTC", "ETH", "PLN", "GBP", "CHF"];

/// The base and quote currency of a symbol that has none configured, in upper case.
///
/// The first known quote currency that ends the symbol and leaves something before it, separators aside.
/// `None` when there is no such currency.
#[must_use]
pub fn assets(symbol: &str) -> Option<(String, &'static str)> {
    let symbol = symbol.to_uppercase();
    QUOTES.into_iter().find_map(|quote| {
        let base = symbol.strip_suffix(quote)?.trim_end_matches(['_', '-', '/']);
        (!base.is_empty()).then(|| (base.to_owned(), quote))
    })
}

#[cfg(test)]
mod tests {
    use super::assets;

    #[test]
    fn the_quote_ends_the_symbol_and_separators_go() {
        let found = |symbol| assets(symbol).map(|(base, quote)| format!("{base} {quote}"));
        for (symbol, expected) in [
            ("BTC_USDT", "BTC USDT"),
            ("btcusdt", "BTC USDT"),
            ("ETH-USDC", "ETH USDC"),
            ("ETH/EUR", "ETH EUR"),
            ("ETHBTC", "ETH BTC"),
            ("BTC_-/PLN", "BTC PLN"),
            ("XBT/USD", "XBT USD"),
            ("A_B_CHF", "A_B CHF"),
        ] {
            assert_eq!(found(symbol).as_deref(), Some(expected), "{symbol}");
        }
        for symbol in ["", "USDT", "_USDT", "-/BTC", "BTC_JPY", "USDT_"] {
            assert_eq!(found(symbol), None, "{symbol}");
        }
    }
}
