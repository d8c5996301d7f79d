//! Countries with their currency, and prices written as the language writes them.

use super::speech::Language;

/// A country's money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    code: &'static str,
    pub(crate) currency: &'static str,
    symbol: &'static str,
    /// Units of the currency for a US dollar, at store prices rather than at the day's rate.
    per_dollar: f64,
    decimals: usize,
    /// Whether Google itself sells there, as in the European Union.
    pub(crate) resold: bool,
}

const fn place(
    code: &'static str,
    currency: &'static str,
    symbol: &'static str,
    per_dollar: f64,
    decimals: usize,
    resold: bool,
) -> Place {
    Place { code, currency, symbol, per_dollar, decimals, resold }
}

const UNITED_STATES: Place = place("us", "USD", "$", 1.0, 2, false);

const PLACES: [Place; 20] = [
    place("gb", "GBP", "£", 0.85, 2, false),
    place("de", "EUR", "€", 1.0, 2, true),
    place("at", "EUR", "€", 1.0, 2, true),
    place("fr", "EUR", "€", 1.05, 2, true),
    place("es", "EUR", "€", 1.0, 2, true),
    place("it", "EUR", "€", 1.05, 2, true),
    place("nl", "EUR", "€", 1.0, 2, true),
    place("ie", "EUR", "€", 1.1, 2, true),
    place("pl", "PLN", "zł", 4.6, 2, true),
    place("se", "SEK", "kr", 11.0, 2, true),
    place("ch", "CHF", "CHF", 1.0, 2, false),
    place("jp", "JPY", "¥", 150.0, 0, false),
    place("kr", "KRW", "₩", 1300.0, 0, false),
    place("in", "INR", "₹", 85.0, 2, false),
    place("br", "BRL", "R$", 5.5, 2, false),
    place("mx", "MXN", "MX$", 19.0, 2, false),
    place("ca", "CAD", "CA$", 1.4, 2, false),
    place("au", "AUD", "A$", 1.55, 2, false),
    place("tr", "TRY", "₺", 33.0, 2, false),
    place("eg", "EGP", "EGP", 49.0, 2, false),
];

impl Place {
    /// The place of a `gl` value; the United States when it isn't in the table.
    pub(crate) fn of(gl: &str) -> Self {
        PLACES.into_iter().find(|place| place.code.eq_ignore_ascii_case(gl)).unwrap_or(UNITED_STATES)
    }

    /// What so many US cents cost here, in micros: a price that ends on .99 where the currency has cents.
    pub(crate) fn micros(&self, cents: u64) -> i64 {
        let local = cents as f64 / 100.0 * self.per_dollar;
        if self.decimals == 0 {
            return (local / 10.0).ceil() as i64 * 10_000_000;
        }
        local.ceil() as i64 * 1_000_000 - 10_000
    }

    /// An amount as people read it.
    pub(crate) fn price(&self, micros: i64, language: Language) -> String {
        let amount = language.decimal(micros as f64 / 1e6, self.decimals);
        match language {
            Language::German | Language::French => format!("{amount}\u{a0}{}", self.symbol),
            Language::English | Language::Japanese if self.symbol.starts_with(char::is_alphabetic) => {
                format!("{}\u{a0}{amount}", self.symbol)
            }
            Language::English | Language::Japanese => format!("{}{amount}", self.symbol),
        }
    }

    /// A range of prices in apps.
    pub(crate) fn range(&self, low_cents: u64, high_cents: u64, language: Language) -> String {
        let (low, high) = (self.price(self.micros(low_cents), language), self.price(self.micros(high_cents), language));
        format!("{low} - {high}{}", language.labels().per_item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_local() {
        assert_eq!(Place::of("us").price(Place::of("us").micros(699), Language::English), "$6.99");
        assert_eq!(Place::of("DE").price(Place::of("de").micros(699), Language::German), "6,99\u{a0}€");
        assert_eq!(Place::of("jp").price(Place::of("jp").micros(699), Language::Japanese), "¥1050");
        assert_eq!(Place::of("zz").currency, "USD");
    }
}
