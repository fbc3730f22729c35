//! Which files the library has.

use factor_types::{Frequency, closed_set};

closed_set! {
    /// A region whose factors the library has.
    #[derive(Default)]
    pub enum Region: "a region" {
        /// The United States.
        #[default]
        Us = "us",
        /// Developed markets, the United States among them.
        Developed = "developed",
        /// Developed markets without the United States.
        DevelopedExUs = "developed_ex_us",
        /// Europe.
        Europe = "europe",
        /// Japan.
        Japan = "japan",
        /// Asia and the Pacific without Japan.
        AsiaPacificExJapan = "asia_pacific_ex_japan",
        /// The United States and Canada.
        NorthAmerica = "north_america",
        /// Emerging markets: months only, no three factors.
        Emerging = "emerging",
    }
}

closed_set! {
    /// The factors of one file.
    pub enum FactorSet: "a set of factors" {
        /// Market, size, value, and the risk-free rate.
        Three = "three",
        /// The three, profitability and investment. Their size factor is made otherwise than that of the three.
        Five = "five",
        /// Momentum alone.
        Momentum = "momentum",
    }
}

/// One file of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dataset {
    /// Of which markets.
    pub region: Region,
    /// Of which factors.
    pub set: FactorSet,
    /// Days, else months.
    pub daily: bool,
}

impl Dataset {
    /// The file that holds returns for rows of a frequency: weeks are made of days.
    pub fn new(region: Region, set: FactorSet, frequency: Frequency) -> Self {
        Self { region, set, daily: frequency != Frequency::Monthly }
    }

    /// True where the library has no such file.
    pub fn is_missing(self) -> bool {
        self.region == Region::Emerging && (self.daily || self.set == FactorSet::Three)
    }

    /// Its name on the site, without `_CSV.zip`.
    pub fn name(self) -> String {
        let region = match self.region {
            Region::Us => {
                let set = match self.set {
                    FactorSet::Three => "F-F_Research_Data_Factors",
                    FactorSet::Five => "F-F_Research_Data_5_Factors_2x3",
                    FactorSet::Momentum => "F-F_Momentum_Factor",
                };
                return format!("{set}{}", if self.daily { "_daily" } else { "" });
            }
            Region::Developed => "Developed",
            Region::DevelopedExUs => "Developed_ex_US",
            Region::Europe => "Europe",
            Region::Japan => "Japan",
            Region::AsiaPacificExJapan => "Asia_Pacific_ex_Japan",
            Region::NorthAmerica => "North_America",
            Region::Emerging => "Emerging",
        };
        let set = match self.set {
            FactorSet::Three => "3_Factors",
            FactorSet::Five => "5_Factors",
            FactorSet::Momentum if self.region == Region::Emerging => "MOM_Factor",
            FactorSet::Momentum => "Mom_Factor",
        };
        format!("{region}_{set}{}", if self.daily { "_Daily" } else { "" })
    }

    /// What it is called where it is fetched.
    pub fn archive_name(self) -> String {
        format!("{}_CSV.zip", self.name())
    }

    /// The columns that it must have.
    pub fn columns(self) -> &'static [&'static str] {
        match self.set {
            FactorSet::Three => &["Mkt-RF", "SMB", "HML", "RF"],
            FactorSet::Five => &["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"],
            FactorSet::Momentum => &["Mom"],
        }
    }
}
