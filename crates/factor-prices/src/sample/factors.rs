//! The common factors of the sample, besides the market.

macro_rules! common_factors {
    ($($(#[$doc:meta])* $name:ident: $volatility:literal,)*) => {
        /// A factor other than the market, independent of it and of the others.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum CommonFactor {
            $($(#[$doc])* $name,)*
        }

        /// Each factor's name, which seeds its stream, and its annual volatility in percent.
        pub(super) const FACTORS: &[(&str, f64)] = &[$((stringify!($name), $volatility),)*];
    };
}

common_factors! {
    Bank: 8.0,
    Biotech: 18.0,
    Clean: 28.0,
    Consumer: 8.0,
    Crypto: 52.0,
    Defensive: 7.0,
    Developed: 6.5,
    Emerging: 9.0,
    Energy: 19.0,
    Gold: 13.0,
    Growth: 5.0,
    Health: 6.5,
    Home: 11.0,
    Industrial: 5.0,
    Japan: 7.0,
    Miner: 15.0,
    Momentum: 6.0,
    Oil: 31.0,
    RealEstate: 8.5,
    Silver: 19.0,
    Size: 7.5,
    Tech: 5.5,
    Telecom: 7.0,
    Transport: 9.0,
}

/// How many there are.
pub(super) const COUNT: usize = FACTORS.len();
