//! The episodes by name.

use chrono::NaiveDate;
use factor_types::closed_set;

closed_set! {
    /// A fall of the past that has a name; its dates are those of the closes between which it lies.
    pub enum Episode: "an episode" {
        /// The financial crisis, from the high of 2007 to the low of 2009.
        Gfc = "gfc" | "2008_crisis" | "financial_crisis",
        /// The weeks after Lehman Brothers.
        Lehman = "lehman",
        /// The flash crash and what came after it.
        Flash2010 = "flash_2010" | "flash_crash",
        /// The sovereign crisis of the euro and the downgrade of the United States.
        Eurozone2011 = "eurozone_2011" | "eurozone",
        /// The taper tantrum until equities had their low.
        TaperEquity = "taper_equity",
        /// The taper tantrum until yields had their high.
        TaperRates = "taper_rates",
        /// The devaluation of the yuan.
        China2015 = "china_2015",
        /// China and the fall of oil.
        ChinaOil2016 = "china_oil_2016" | "china_oil",
        /// The end of short volatility funds.
        Volmageddon2018 = "volmageddon_2018" | "volmageddon",
        /// The last quarter of 2018.
        Q42018 = "q4_2018" | "2018q4",
        /// The pandemic.
        Covid = "covid" | "covid_2020",
        /// Inflation and the rise of rates.
        Rates2022 = "rates_2022" | "inflation_2022",
        /// Regional banks.
        Banks2023 = "banks_2023" | "svb",
        /// The unwinding of the yen carry trade.
        Carry2024 = "carry_2024" | "yen_carry",
        /// The announcement of tariffs.
        Tariffs2025 = "tariffs_2025" | "tariffs",
        /// The fall at the beginning of 2026.
        Early2026 = "early_2026",
    }
}

impl Episode {
    /// The closes between which it lies.
    pub fn dates(self) -> (NaiveDate, NaiveDate) {
        let (from, to) = match self {
            Self::Gfc => ((2007, 10, 9), (2009, 3, 9)),
            Self::Lehman => ((2008, 9, 12), (2008, 11, 20)),
            Self::Flash2010 => ((2010, 4, 23), (2010, 7, 2)),
            Self::Eurozone2011 => ((2011, 7, 22), (2011, 10, 3)),
            Self::TaperEquity => ((2013, 5, 21), (2013, 6, 24)),
            Self::TaperRates => ((2013, 5, 21), (2013, 9, 5)),
            Self::China2015 => ((2015, 7, 20), (2015, 8, 25)),
            Self::ChinaOil2016 => ((2015, 7, 20), (2016, 2, 11)),
            Self::Volmageddon2018 => ((2018, 1, 26), (2018, 2, 8)),
            Self::Q42018 => ((2018, 9, 20), (2018, 12, 24)),
            Self::Covid => ((2020, 2, 19), (2020, 3, 23)),
            Self::Rates2022 => ((2022, 1, 3), (2022, 10, 12)),
            Self::Banks2023 => ((2023, 3, 8), (2023, 5, 4)),
            Self::Carry2024 => ((2024, 7, 16), (2024, 8, 5)),
            Self::Tariffs2025 => ((2025, 2, 19), (2025, 4, 8)),
            Self::Early2026 => ((2026, 1, 27), (2026, 3, 30)),
        };
        let day = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        (day(from), day(to))
    }
}

/// An episode to replay: what it is called, and the closes between which it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, or its dates as they were written.
    pub name: String,
    /// The close that it starts from.
    pub from: NaiveDate,
    /// The close that it ends with.
    pub to: NaiveDate,
}

impl From<Episode> for Scenario {
    fn from(episode: Episode) -> Self {
        let (from, to) = episode.dates();
        Self { name: episode.as_str().to_owned(), from, to }
    }
}
