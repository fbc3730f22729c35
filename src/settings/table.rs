//! The settings, a row each: field and type, variable and default, rule. The comment of a row is also its documentation in
//! the book, so it says what the value is and, where it is a number, its unit and range.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chrono::NaiveDate;
use factor_prices::vendors::{fmp, fred, french, treasury, yahoo};
use factor_store::{QuotaLimits, UserTier};

use super::{
    AuditMode, BaseUrl, PriceSource, Secret, Setting, TrustedProxies, YieldSource, checks,
    declare::settings,
    rules::{
        address, any_path, collector, date, existing_path, flag, log_filter, milliseconds, number, one_of, optional,
        per_day, proxies, replica, seconds, secret, text, url, whole,
    },
};

settings! {
    /// Where prices and yields come from.
    prices: PriceSettings {
        /// Where prices come from: `fmp`, `yahoo`, `files`, `sample`, or `auto`: files if `FACTOR_PRICE_FILES` is set, else
        /// `fmp` if there is a key, else the sample.
        source: PriceSource = Setting::new("FACTOR_PRICE_SOURCE").preset("auto"), one_of();
        /// Folder or file of prices, CSV or Parquet.
        files: Option<PathBuf> = Setting::new("FACTOR_PRICE_FILES").path(), optional(existing_path());
        /// Where yields come from: `treasury`, `fred`, `fmp`, or `auto`: `FACTOR_YIELD_FILE`, else those of the files or the
        /// sample; with a vendor's prices the first of these that answers.
        yield_source: YieldSource = Setting::new("FACTOR_YIELD_SOURCE").preset("auto"), one_of();
        /// File of Treasury yields, CSV or Parquet.
        yield_file: Option<PathBuf> =
            Setting::new("FACTOR_YIELD_FILE").path().in_words("next to the prices"), optional(existing_path());
    }

    /// Where factors of published models come from.
    factors: FactorSettings {
        /// Folder with files of Kenneth French's library as its site has them (`F-F_Research_Data_5_Factors_2x3_CSV.zip`, or the CSV in it):
        /// nothing is fetched then.
        french_dir: Option<PathBuf> =
            Setting::new("FACTOR_FRENCH_DIR").path().in_words("fetched from the library's site where prices are a market's"),
            optional(existing_path());
        /// File or folder of factor returns of your own, CSV or Parquet: dates in the first column, a column a factor, as decimals or with `%`.
        model_files: Option<PathBuf> = Setting::new("FACTOR_MODEL_FILES").path(), optional(existing_path());
    }

    /// How the vendors of prices and yields are reached.
    vendors: VendorSettings {
        /// Key of Financial Modeling Prep; sent in a header, never shown or logged.
        fmp_key: Option<Secret> = Setting::new("FMP_API_KEY").secret(), optional(secret());
        /// Another address for Financial Modeling Prep, up to and with `/stable`, for a proxy or a test.
        fmp_url: BaseUrl =
            Setting::new("FMP_BASE_URL").preset(fmp::BASE_URL).in_words("the vendor's own"), url(fmp::BASE_URL);
        /// Requests that the key's plan allows in a minute.
        fmp_per_minute: usize = Setting::new("FMP_REQUESTS_PER_MINUTE").preset("300"), whole(1..=100_000);
        /// Another address for Yahoo's charts: what comes before `/v8/finance/chart`.
        yahoo_url: BaseUrl =
            Setting::new("YAHOO_BASE_URL").preset(yahoo::BASE_URL).in_words("the vendor's own"), url(yahoo::BASE_URL);
        /// Another address for the Treasury's yields, up to and with `/daily-treasury-rates.csv`.
        treasury_url: BaseUrl =
            Setting::new("TREASURY_BASE_URL").preset(treasury::BASE_URL).in_words("the vendor's own"),
            url(treasury::BASE_URL);
        /// Another address for FRED's yields, up to and with `/graph/fredgraph.csv`.
        fred_url: BaseUrl =
            Setting::new("FRED_BASE_URL").preset(fred::BASE_URL).in_words("the vendor's own"), url(fred::BASE_URL);
        /// Another address for Kenneth French's library: the folder that holds its zip files.
        french_url: BaseUrl =
            Setting::new("FRENCH_BASE_URL").preset(french::BASE_URL).in_words("the library's own"), url(french::BASE_URL);
        /// Seconds a vendor has for one request, 1 to 300.
        timeout: Duration = Setting::new("FACTOR_PRICE_TIMEOUT").preset("10"), seconds(1..=300);
        /// Tries after the first, 0 to 10.
        max_retries: usize = Setting::new("FACTOR_PRICE_MAX_RETRIES").preset("3"), whole(0..=10);
    }

    /// What is kept between runs, and where.
    store: StoreSettings {
        /// Folder for fetched prices, groups and portfolios (`~/.local/share/factor-mcp` on Linux); where the system has no
        /// such folder, nothing is kept.
        data_dir: Option<PathBuf> =
            Setting::new("FACTOR_DATA_DIR").user_data_folder().in_words("the user's data folder"), optional(any_path());
        /// `postgres://...` for groups, portfolios, reference data, users and fetched prices; never shown or logged.
        database_url: Option<Secret> =
            Setting::new("DATABASE_URL").secret().in_words("SQLite in the data folder"), optional(secret());
    }

    /// Where the factor universe comes from.
    universe: UniverseSettings {
        /// Folder with your own factor mappings in YAML, and with what is known of funds in `funds.csv` (costs, trade, SEC yield,
        /// whether one pays income); the folder `proxies` of the repository shows the forms.
        proxies_dir: Option<PathBuf> =
            Setting::new("FACTOR_PROXIES_DIR").path().in_words("built in"), optional(existing_path());
    }

    /// Limits of an analysis.
    analysis: AnalysisSettings {
        /// Seconds that computed panels and sections are kept, 1 to 86400.
        cache_ttl: Duration = Setting::new("FACTOR_INTELLIGENCE_CACHE_TTL").preset("1800"), seconds(1..=86_400);
        /// Most factors of one analysis, 2 to 5000.
        max_factors: usize = Setting::new("FACTOR_INTELLIGENCE_MAX_FACTORS").preset("200"), whole(2..=5_000);
        /// Fewest monthly observations that a figure needs, 12 to 120.
        min_observations: usize = Setting::new("FACTOR_CORRELATION_MIN_OBSERVATIONS").preset("24"), whole(12..=120);
        /// Months up to the end that an analysis covers where a call gives no start, 12 to 600.
        default_window_months: usize = Setting::new("FACTOR_DEFAULT_WINDOW_MONTHS").preset("120"), whole(12..=600);
        /// Highest correlation at which something is an offset, where a call gives none, -1 to 0.
        correlation_threshold: f64 = Setting::new("FACTOR_CORRELATION_THRESHOLD_DEFAULT").preset("-0.2"), number(-1.0..=0.0);
        /// Seconds of computing per analysis, 1 to 600.
        compute_timeout: Duration = Setting::new("FACTOR_CORRELATION_TIMEOUT").preset("30"), seconds(1..=600);
    }

    /// Limits of a call, whatever the tool.
    calls: CallSettings {
        /// Seconds within which a call answers, 1 to 3600.
        deadline: Duration = Setting::new("FACTOR_CALL_DEADLINE").preset("50"), seconds(1..=3_600);
    }

    /// From which time on a call is slow: its line in the log is a warning. All are seconds, 0 to 3600.
    slow: SlowSettings {
        /// Seconds from which on an analysis of correlations is slow, 0 to 3600.
        correlations: Duration = Setting::new("FACTOR_SLOW_CORRELATIONS").preset("10"), seconds(0..=3_600);
        /// Seconds from which on an analysis of performance, of returns or of a portfolio is slow, 0 to 3600.
        performance: Duration = Setting::new("FACTOR_SLOW_PERFORMANCE").preset("15"), seconds(0..=3_600);
        /// Seconds from which on recommendations are slow, 0 to 3600.
        recommendations: Duration = Setting::new("FACTOR_SLOW_RECOMMENDATIONS").preset("8"), seconds(0..=3_600);
        /// Seconds from which on reading or deleting groups and portfolios is slow, 0 to 3600.
        groups: Duration = Setting::new("FACTOR_SLOW_GROUPS").preset("1"), seconds(0..=3_600);
        /// Seconds from which on checking a group, or saving one, is slow, 0 to 3600.
        validation: Duration = Setting::new("FACTOR_SLOW_VALIDATION").preset("5"), seconds(0..=3_600);
    }

    /// What the log warns of, at most once a minute each.
    thresholds: ThresholdSettings {
        /// Milliseconds from which on computing the correlation matrices of an analysis is warned of, 0 to 600000.
        correlations: Duration = Setting::new("FACTOR_SLOW_CORRELATIONS_MS").preset("500"), milliseconds(0..=600_000);
        /// Milliseconds from which on computing the macro ETF matrix of an analysis is warned of, 0 to 600000.
        macro_etf: Duration = Setting::new("FACTOR_SLOW_MACRO_ETF_MS").preset("500"), milliseconds(0..=600_000);
        /// Milliseconds from which on a call is warned of, whatever it is, 0 to 600000.
        call: Duration = Setting::new("FACTOR_SLOW_CALL_MS").preset("10000"), milliseconds(0..=600_000);
        /// Share of the calls of the last five minutes that may end in an error before the log warns of it, 0 to 1; of 20 calls at least.
        error_rate: f64 = Setting::new("FACTOR_ERROR_RATE").preset("0.05"), number(0.0..=1.0);
    }

    /// Limits of a factor group.
    groups: GroupSettings checked by checks::check_group_sizes {
        /// Fewest tickers of a factor group, 2 to 50.
        min_tickers: usize = Setting::new("FACTOR_GROUP_MIN_TICKERS").preset("2"), whole(2..=50);
        /// Most tickers of a factor group, 2 to 500.
        max_tickers: usize = Setting::new("FACTOR_GROUP_MAX_TICKERS").preset("50"), whole(2..=500);
        /// Most groups, and most portfolios, that one user may keep, 1 to 10000.
        max_per_user: usize = Setting::new("FACTOR_USER_MAX_GROUPS").preset("100"), whole(1..=10_000);
    }

    /// The HTTP server.
    http: HttpSettings {
        /// Address and port where `serve http` listens.
        addr: SocketAddr = Setting::new("FACTOR_HTTP_ADDR").preset("127.0.0.1:8765"), address();
        /// Address and port where Prometheus may ask for `/metrics`, such as `127.0.0.1:9464`; `serve http --metrics-public` answers it
        /// where everything else is.
        metrics_addr: Option<SocketAddr> = Setting::new("FACTOR_METRICS_ADDR").in_words("nowhere"), optional(address());
        /// Addresses and networks of proxies in front, such as `10.0.0.0/8, ::1`; theirs is the only `X-Forwarded-For` that
        /// counts, and connections from them are not limited by address.
        trusted_proxies: TrustedProxies =
            Setting::new("FACTOR_TRUSTED_PROXIES").in_words("none"), proxies();
        /// URL under which clients know the server, such as `https://factors.example.com`: the audience of access tokens, and a
        /// host that it answers to.
        public_url: Option<String> = Setting::new("FACTOR_PUBLIC_URL"), optional(text());
        /// Name of this process among several behind one balancer, 1 to 63 letters, digits and hyphens; ids of sessions begin with it, and
        /// its chain of the audit is called so.
        replica: Option<String> = Setting::new("FACTOR_REPLICA").in_words("none; random for SSE"), optional(replica());
    }

    /// The audit: a row of every call, of who called what, when, on which data and with which answer.
    audit: AuditSettings {
        /// Whether there is one: `on`, `off`, or `auto`: on a server over HTTP whose store is a Postgres.
        mode: AuditMode = Setting::new("FACTOR_AUDIT").preset("auto"), one_of();
        /// File of the key that seals the audit, 64 hexadecimal digits; servers that share a store share it.
        key_file: Option<PathBuf> =
            Setting::new("FACTOR_AUDIT_KEY_FILE").path().in_words("audit.key in the data folder, made where it is missing"),
            optional(existing_path());
        /// Days that `factor-mcp audit prune` keeps rows, 1 to 36500.
        days: usize = Setting::new("FACTOR_AUDIT_DAYS").preset("400"), whole(1..=36_500);
    }

    /// Access tokens of OAuth, which then open the HTTP server as keys do.
    oauth: OauthSettings {
        /// Issuer whose access tokens are taken over HTTP, by its URL to the letter; needs `FACTOR_PUBLIC_URL`.
        issuer: Option<String> = Setting::new("FACTOR_OAUTH_ISSUER"), optional(text());
        /// Where the issuer's keys are.
        jwks_url: Option<String> = Setting::new("FACTOR_OAUTH_JWKS_URL").in_words("as the issuer's metadata say"),
            optional(text());
        /// Name under which the issuer knows the page at `/`, a public client that signs in by PKCE; without one the page takes keys and
        /// tokens only.
        client_id: Option<String> = Setting::new("FACTOR_OAUTH_CLIENT_ID").in_words("the page offers no login"), optional(text());
        /// Whether tokens whose header says `JWT`, not `at+jwt`, are taken as well.
        allow_jwt_typ: bool = Setting::new("FACTOR_OAUTH_ALLOW_JWT_TYP").preset("false"), flag();
        /// Tier of users who come with a token for the first time: `public`, `registered` or `paid`.
        default_tier: UserTier = Setting::new("FACTOR_OAUTH_DEFAULT_TIER").preset("registered"), one_of();
        /// Most users in an hour who may come with a token for the first time, 1 to 100000.
        new_users_per_hour: usize = Setting::new("FACTOR_OAUTH_NEW_USERS_PER_HOUR").preset("100"), whole(1..=100_000);
    }

    /// How many answers a day of UTC has, by operation: those of callers without a key (`--insecure`, by address) and of tier `public`, of
    /// tier `registered`, of tier `paid`. Each is `N per day` or `unlimited`.
    quotas: QuotaSettings {
        /// Analyses of correlations a day, of tier public; registered; paid.
        correlations: QuotaLimits = Setting::new("FACTOR_CORRELATIONS_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Analyses of performance a day, by tier.
        performance: QuotaLimits = Setting::new("FACTOR_PERFORMANCE_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Analyses of windowed returns a day, by tier.
        returns: QuotaLimits = Setting::new("FACTOR_RETURNS_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Recommendations a day, by tier.
        recommendations: QuotaLimits = Setting::new("FACTOR_RECOMMENDATIONS_RATE_LIMIT").preset("30 per day;60 per day;120 per day"), per_day();
        /// Exposures of portfolios a day, by tier.
        exposures: QuotaLimits = Setting::new("FACTOR_EXPOSURES_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Comparisons a day, by tier.
        comparisons: QuotaLimits = Setting::new("FACTOR_COMPARISONS_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Factor models a day, by tier.
        models: QuotaLimits = Setting::new("FACTOR_MODELS_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Stress tests a day, by tier.
        stress_tests: QuotaLimits = Setting::new("FACTOR_STRESS_TESTS_RATE_LIMIT").preset("50 per day;100 per day;200 per day"), per_day();
        /// Groups created, changed and deleted a day, by tier.
        group_writes: QuotaLimits = Setting::new("FACTOR_GROUPS_CREATE_RATE_LIMIT").preset("20 per day;40 per day;80 per day"), per_day();
        /// Lists of groups a day, by tier.
        group_lists: QuotaLimits = Setting::new("FACTOR_GROUPS_LIST_RATE_LIMIT").preset("100 per day;200 per day;500 per day"), per_day();
        /// Single groups read and checked a day, by tier.
        group_reads: QuotaLimits = Setting::new("FACTOR_GROUPS_READ_RATE_LIMIT").preset("100 per day;200 per day;500 per day"), per_day();
        /// Portfolios saved and deleted a day, by tier.
        portfolio_writes: QuotaLimits = Setting::new("FACTOR_PORTFOLIOS_SAVE_RATE_LIMIT").preset("20 per day;40 per day;80 per day"), per_day();
        /// Portfolios listed and read a day, by tier.
        portfolio_reads: QuotaLimits = Setting::new("FACTOR_PORTFOLIOS_READ_RATE_LIMIT").preset("100 per day;200 per day;500 per day"), per_day();
        /// All other answers a day, by tier: lists of factors, the server's state.
        lookups: QuotaLimits = Setting::new("FACTOR_LOOKUPS_RATE_LIMIT").preset("1000 per day;2000 per day;5000 per day"), per_day();
    }

    /// The log.
    log: LogSettings {
        /// Filter of the log, as tracing-subscriber reads it; logs go to stderr.
        filter: String = Setting::new("RUST_LOG").preset("info,rmcp=error"), log_filter();
    }

    /// Traces of calls.
    traces: TraceSettings {
        /// Address of a collector of OpenTelemetry, such as `http://127.0.0.1:4318`, that spans of calls are sent to (OTLP over HTTP, JSON).
        endpoint: Option<String> = Setting::new("OTEL_EXPORTER_OTLP_ENDPOINT").in_words("none are sent"), optional(collector());
    }

    /// The clock.
    clock: ClockSettings {
        /// Date taken for today, so that an answer can be given again.
        today: Option<NaiveDate> = Setting::new("FACTOR_TODAY").in_words("the date in UTC"), optional(date());
    }
}
