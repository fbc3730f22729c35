// Made by scripts/types.mjs from the schemas that `factor-mcp schema` prints: not to be changed by hand.

type FactorModel_Framed = {
  status: FactorModel_Status;
  not_analysed?: FactorModel_NotAnalysed[] | null;
  warnings?: string[] | null;
  invalid_sections?: string[] | null;
  not_computed?: { [name: string]: string } | null;
  insights?: FactorModel_Insights | null;
  model?: FactorModel_ModelUsed | null;
  fits?: FactorModel_FitRow[] | null;
  fit_count?: number | null;
  not_fitted?: { [name: string]: string };
  rolling?: { [name: string]: FactorModel_RollingRow } | null;
  attribution?: { [name: string]: FactorModel_AttributionRow } | null;
  style?: { [name: string]: FactorModel_StyleRow } | null;
  as_of?: string | null;
  period?: FactorModel_Period | null;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: FactorModel_Exclusion[];
    not_analysed?: FactorModel_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: FactorModel_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: FactorModel_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: FactorModel_Finding[];
    early_month_end?: FactorModel_EarlyEnd[];
    spacing?: FactorModel_Bars[];
    yield_unit?: FactorModel_YieldFinding[];
    odd_yields?: FactorModel_OddYields[];
    copied_prices?: FactorModel_Copies[];
    still_prices?: FactorModel_Frozen[];
    repeated_rows?: FactorModel_Repeated[];
    shifted?: FactorModel_Shifted[];
    unadjusted_exdate?: FactorModel_ExDate[];
    of_the_source?: FactorModel_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: FactorModel_Undefined[];
    macro_dropped?: FactorModel_DroppedEtf[];
    stale_factor_candidates?: FactorModel_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: FactorModel_Ticker[] };
    excluded_more?: { [name: string]: number };
  } | null;
  more?: FactorModel_More | null;
  performance?: { [name: string]: unknown } | null;
  analysis_metadata?: { [name: string]: unknown } | null;
  formatted_report?: string | null;
  truncated?: { [name: string]: unknown } | null;
  note?: string | null;
};

type FactorModel_Status = "success";

type FactorModel_NotAnalysed = {
  ticker: FactorModel_Ticker;
  reason: string;
};

type FactorModel_Ticker = string;

type FactorModel_Insights = {
  sentences: string[];
  not_known: string;
};

type FactorModel_ModelUsed = {
  name: string;
  factors: string[];
  estimator: FactorModel_Estimator;
  risk_free: string;
  region?: string | null;
  files?: FactorModel_FileUsed[];
  left_out?: { [name: string]: string };
  most_correlated?: FactorModel_LensPair | null;
};

type FactorModel_Estimator = "ols" | "hac" | "huber";

type FactorModel_FileUsed = {
  name: string;
  vintage: string | null;
  last: string | null;
};

type FactorModel_LensPair = {
  a: FactorModel_LensFactor;
  b: FactorModel_LensFactor;
  correlation: number;
  n: number;
};

type FactorModel_LensFactor = "equity" | "rates" | "credit" | "commodity" | "gold" | "inflation" | "emerging" | "small" | "value" | "momentum" | "quality" | "low_volatility";

type FactorModel_FitRow = {
  ticker: string;
  label?: string;
  from?: string;
  to?: string;
  estimator?: FactorModel_Estimator;
  n: number;
  alpha: {
    annual: number;
    se: number | null;
    t: number | null;
    p: number | null;
    interval: number[] | null;
  };
  factors?: { [name: string]: FactorModel_FactorEstimate };
  residual_share?: number;
  r_squared: number;
  adjusted_r_squared?: number | null;
  residual_volatility?: number | null;
  durbin_watson?: number | null;
  breusch_pagan?: FactorModel_BreuschPagan | null;
  condition_number?: number | null;
  lag?: number | null;
  alpha_p_adjusted?: number | null;
  betas?: { [name: string]: FactorModel_ShortBeta };
};

type FactorModel_FactorEstimate = {
  beta: number;
  se: number | null;
  t: number | null;
  p: number | null;
  interval: number[] | null;
  annual_contribution: number;
  variance_share: number;
  vif: number;
};

type FactorModel_BreuschPagan = {
  statistic: number;
  p: number | null;
};

type FactorModel_ShortBeta = {
  beta: number;
  interval: number[] | null;
};

type FactorModel_RollingRow = {
  window: number;
  windows: number;
  factors: { [name: string]: {
    latest: number;
    latest_interval: number[] | null;
    latest_date?: string;
    mean?: number;
    lowest?: number;
    lowest_date?: string;
    highest?: number;
    highest_date?: string;
  } };
  series?: FactorModel_Point[];
  series_step?: number;
};

type FactorModel_Point = {
  end: string;
  betas: { [name: string]: number };
  intervals: { [name: string]: number[] };
  alpha: number;
  alpha_interval: number[] | null;
  r_squared: number;
};

type FactorModel_AttributionRow = {
  whole: {
    n: number;
    total_return: number;
    risk_free: number;
    factors: { [name: string]: number };
    alpha: number;
    residual: number;
  };
  years?: { [name: string]: unknown };
  year_count?: number;
};

type FactorModel_StyleRow = {
  n?: number;
  weights?: { [name: string]: {
    weight: number;
    interval: number[] | null;
  } };
  r_squared?: number;
  tracking_error?: number;
  annual_selection_return?: number;
  rolling?: FactorModel_StyleWindow[];
  latest_window?: string | null;
  latest_weights?: { [name: string]: number };
  reason?: string;
};

type FactorModel_StyleWindow = {
  end: string;
  weights: { [name: string]: number };
  r_squared: number;
};

type FactorModel_Period = {
  from: string;
  to: string | null;
  frequency: FactorModel_Frequency;
  periods: number;
};

type FactorModel_Frequency = "monthly" | "weekly" | "daily";

type FactorModel_Exclusion = {
  ticker: FactorModel_Ticker;
  label: string;
  reason: FactorModel_ExclusionReason;
  detail: string;
};

type FactorModel_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type FactorModel_Score = "poor" | "fair" | "good" | "excellent";

type FactorModel_Finding = {
  kind: FactorModel_FindingKind;
  ticker: FactorModel_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type FactorModel_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type FactorModel_EarlyEnd = {
  ticker: FactorModel_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type FactorModel_Bars = {
  ticker: FactorModel_Ticker;
  spacing: FactorModel_Spacing;
  placed: boolean;
  dates: FactorModel_BarDates;
  assumed: boolean;
};

type FactorModel_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type FactorModel_BarDates = "own_days" | "first_days" | "later_days" | "months";

type FactorModel_YieldFinding = {
  maturity: FactorModel_Maturity;
  unit: FactorModel_YieldUnit;
  median: number;
  rows: number;
};

type FactorModel_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type FactorModel_YieldUnit = "decimals" | "basis_points" | "unverified";

type FactorModel_OddYields = {
  kind: FactorModel_OddKind;
  maturity: FactorModel_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type FactorModel_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type FactorModel_Copies = {
  tickers: FactorModel_Ticker[];
  rows: number;
  stretch?: FactorModel_Stretch | null;
};

type FactorModel_Stretch = {
  from: string;
  to: string;
};

type FactorModel_Frozen = {
  ticker: FactorModel_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type FactorModel_Repeated = {
  date: string;
  of: string;
  series: number;
};

type FactorModel_Shifted = {
  ticker: FactorModel_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: FactorModel_Ticker;
  correlation: number;
  on_the_day: number;
};

type FactorModel_ExDate = {
  ticker: FactorModel_Ticker;
  date: string;
  return: number;
};

type FactorModel_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: FactorModel_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type FactorModel_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type FactorModel_DroppedEtf = {
  ticker: FactorModel_Ticker;
  kept: FactorModel_Ticker;
  correlation: number;
};

type FactorModel_StaleCandidate = {
  ticker: FactorModel_Ticker;
  reason: FactorModel_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type FactorModel_More = {
  include: string[];
};

/** What `analyze_factor_model` answers. */
export type FactorModel = FactorModel_Framed;

type Comparison_Framed = {
  status: Comparison_Status;
  not_analysed?: Comparison_NotAnalysed[] | null;
  warnings?: string[] | null;
  invalid_sections?: string[] | null;
  not_computed?: { [name: string]: string } | null;
  insights?: Comparison_Insights | null;
  pairs?: Comparison_PairRow[] | null;
  pair_count?: number | null;
  periods?: Comparison_PeriodsSection | null;
  condition?: Comparison_ConditionReport | null;
  side_by_side?: {
    from: string | null;
    to: string | null;
    periods: number;
    series: { [name: string]: {
      n: number;
      total_return: number | null;
      annual_return: number | null;
      volatility: number | null;
      sharpe_ratio: number | null;
      return_to_risk?: number | null;
      max_drawdown: number | null;
      drawdown_peak: string | null;
      drawdown_trough: string | null;
      drawdown_recovery: string | null;
      drawdown_months_to_trough: number | null;
      drawdown_months_to_recovery: number | null;
      max_drawdown_daily?: number | null;
      drawdown_daily_peak?: string | null;
      drawdown_daily_trough?: string | null;
      drawdown_daily_recovery?: string | null;
      drawdown_daily_months_to_trough?: number | null;
      drawdown_daily_months_to_recovery?: number | null;
    } };
  } | null;
  calendar_years?: Comparison_Year[] | null;
  as_of?: string | null;
  period?: Comparison_Period | null;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: Comparison_Exclusion[];
    not_analysed?: Comparison_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: Comparison_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: Comparison_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: Comparison_Finding[];
    early_month_end?: Comparison_EarlyEnd[];
    spacing?: Comparison_Bars[];
    yield_unit?: Comparison_YieldFinding[];
    odd_yields?: Comparison_OddYields[];
    copied_prices?: Comparison_Copies[];
    still_prices?: Comparison_Frozen[];
    repeated_rows?: Comparison_Repeated[];
    shifted?: Comparison_Shifted[];
    unadjusted_exdate?: Comparison_ExDate[];
    of_the_source?: Comparison_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: Comparison_Undefined[];
    macro_dropped?: Comparison_DroppedEtf[];
    stale_factor_candidates?: Comparison_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: Comparison_Ticker[] };
    excluded_more?: { [name: string]: number };
  } | null;
  more?: Comparison_More | null;
  performance?: { [name: string]: unknown } | null;
  analysis_metadata?: { [name: string]: unknown } | null;
  formatted_report?: string | null;
  truncated?: { [name: string]: unknown } | null;
  note?: string | null;
};

type Comparison_Status = "success";

type Comparison_NotAnalysed = {
  ticker: Comparison_Ticker;
  reason: string;
};

type Comparison_Ticker = string;

type Comparison_Insights = {
  sentences: string[];
  not_known: string;
};

type Comparison_PairRow = {
  a: string;
  b: string;
  from?: string | null;
  to?: string | null;
  n: number;
  correlation: number | null;
  interval: number[] | null;
  p: number | null;
  spearman: {
    n: number;
    correlation: number | null;
    interval: number[] | null;
    p: number | null;
  } | number | null;
  ewma?: {
    correlation: number | null;
    half_life: number;
    n_eff: number;
  };
  beta_a_on_b?: {
    n: number;
    beta: number | null;
    se: number | null;
    interval: number[] | null;
  };
  beta_b_on_a?: {
    n: number;
    beta: number | null;
    se: number | null;
    interval: number[] | null;
  };
  rolling?: { [name: string]: unknown };
  when_a_fell?: {
    n: number;
    correlation: number | null;
    interval: number[] | null;
    p: number | null;
  };
};

type Comparison_PeriodsSection = {
  named: Comparison_NamedPeriod[];
  correlations: Comparison_PeriodCorrelation[];
  correlation_count?: number | null;
  differences: Comparison_Difference[];
  difference_count?: number | null;
};

type Comparison_NamedPeriod = {
  name: string;
  from: string;
  to: string;
  periods: number;
  threshold?: number | null;
  cut?: boolean;
};

type Comparison_PeriodCorrelation = {
  a: string;
  b: string;
  period: string;
  n: number;
  correlation: number | null;
  interval: number[] | null;
  p: number | null;
};

type Comparison_Difference = {
  a: string;
  b: string;
  first: string;
  second: string;
  n_first: number;
  n_second: number;
  correlation_first: number | null;
  correlation_second: number | null;
  difference: number | null;
  interval: number[] | null;
  p: number | null;
  method: Comparison_DifferenceMethod;
};

type Comparison_DifferenceMethod = "fisher_z" | "resampled";

type Comparison_ConditionReport = {
  ticker: string;
  below?: number | null;
  above?: number | null;
  periods: number;
  of: number;
  from: string | null;
  to: string | null;
  series: Comparison_ConditionSeries[];
  pairs: Comparison_ConditionPair[];
};

type Comparison_ConditionSeries = {
  ticker: string;
  n: number;
  mean: number | null;
  mean_interval: number[] | null;
  hit_rate: number | null;
  hit_rate_interval: number[] | null;
};

type Comparison_ConditionPair = {
  a: string;
  b: string;
  n: number;
  correlation: number | null;
  interval: number[] | null;
  p: number | null;
};

type Comparison_Year = {
  year: number;
  from?: string | null;
  to?: string | null;
  periods?: number;
  partial?: boolean;
  series?: { [name: string]: Comparison_OfYear };
  n?: number;
  total_return?: { [name: string]: number | null };
};

type Comparison_OfYear = {
  total_return: number | null;
  volatility: number | null;
  max_drawdown: number | null;
};

type Comparison_Period = {
  from: string;
  to: string | null;
  frequency: Comparison_Frequency;
  periods: number;
};

type Comparison_Frequency = "monthly" | "weekly" | "daily";

type Comparison_Exclusion = {
  ticker: Comparison_Ticker;
  label: string;
  reason: Comparison_ExclusionReason;
  detail: string;
};

type Comparison_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type Comparison_Score = "poor" | "fair" | "good" | "excellent";

type Comparison_Finding = {
  kind: Comparison_FindingKind;
  ticker: Comparison_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type Comparison_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type Comparison_EarlyEnd = {
  ticker: Comparison_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type Comparison_Bars = {
  ticker: Comparison_Ticker;
  spacing: Comparison_Spacing;
  placed: boolean;
  dates: Comparison_BarDates;
  assumed: boolean;
};

type Comparison_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type Comparison_BarDates = "own_days" | "first_days" | "later_days" | "months";

type Comparison_YieldFinding = {
  maturity: Comparison_Maturity;
  unit: Comparison_YieldUnit;
  median: number;
  rows: number;
};

type Comparison_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type Comparison_YieldUnit = "decimals" | "basis_points" | "unverified";

type Comparison_OddYields = {
  kind: Comparison_OddKind;
  maturity: Comparison_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type Comparison_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type Comparison_Copies = {
  tickers: Comparison_Ticker[];
  rows: number;
  stretch?: Comparison_Stretch | null;
};

type Comparison_Stretch = {
  from: string;
  to: string;
};

type Comparison_Frozen = {
  ticker: Comparison_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type Comparison_Repeated = {
  date: string;
  of: string;
  series: number;
};

type Comparison_Shifted = {
  ticker: Comparison_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: Comparison_Ticker;
  correlation: number;
  on_the_day: number;
};

type Comparison_ExDate = {
  ticker: Comparison_Ticker;
  date: string;
  return: number;
};

type Comparison_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: Comparison_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type Comparison_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type Comparison_DroppedEtf = {
  ticker: Comparison_Ticker;
  kept: Comparison_Ticker;
  correlation: number;
};

type Comparison_StaleCandidate = {
  ticker: Comparison_Ticker;
  reason: Comparison_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type Comparison_More = {
  include: string[];
};

/** What `compare_factors` answers. */
export type Comparison = Comparison_Framed;

type WrittenGroup_CreatedGroup = {
  status: WrittenGroup_Success;
  group_name: string;
  proxy_identifier: string;
  description: string;
  tickers: WrittenGroup_Ticker[];
  weighting_method: WrittenGroup_WeightingMethod;
  weights?: { [name: string]: number } | null;
  ticker_count: number;
  is_valid: boolean | null;
  created_at: string;
  updated_at: string;
  validation_metadata: WrittenGroup_ValidationMetadata;
  performance: WrittenGroup_Performance | null;
  warnings?: string[];
  created: boolean;
  note?: string | null;
};

type WrittenGroup_Success = "success";

type WrittenGroup_Ticker = string;

type WrittenGroup_WeightingMethod = "equal" | "market_cap" | "custom";

type WrittenGroup_ValidationMetadata = {
  tickers_included: WrittenGroup_Ticker[] | null;
  tickers_excluded: WrittenGroup_ExcludedMember[];
  final_weights: { [name: string]: number } | null;
  data_points?: number;
  date_range?: string | null;
  members_marked?: { [name: string]: WrittenGroup_MemberMark };
  weights_as_of?: string;
  source?: string;
  lookahead?: boolean;
};

type WrittenGroup_ExcludedMember = {
  ticker: WrittenGroup_Ticker;
  reason: WrittenGroup_ExcludedReason;
  detail: string;
};

type WrittenGroup_ExcludedReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices" | "no_market_cap" | "left_out";

type WrittenGroup_MemberMark = {
  stopped?: string | null;
  young?: boolean;
  first: string | null;
  observations: number;
  share_of_rows: number | null;
};

type WrittenGroup_Performance = {
  annual_return: number | null;
  volatility: number | null;
  sharpe_ratio: number | null;
  return_to_risk?: number | null;
  max_drawdown: number | null;
  drawdown_peak: string | null;
  drawdown_trough: string | null;
  drawdown_recovery: string | null;
  drawdown_months_to_trough: number | null;
  drawdown_months_to_recovery: number | null;
  max_drawdown_daily: number | null;
  drawdown_daily_peak: string | null;
  drawdown_daily_trough: string | null;
  drawdown_daily_recovery: string | null;
  drawdown_daily_months_to_trough: number | null;
  drawdown_daily_months_to_recovery: number | null;
  risk_free_source: string;
};

/** What `create_factor_group` answers. */
export type WrittenGroup = WrittenGroup_CreatedGroup;

type FactorAnalysis_Pair = {
  a: string;
  b: string;
  latest: number | null;
  mean: number | null;
  min: number | null;
  max: number | null;
  sd: number | null;
  stability: number | null;
  windows: number;
  latest_date?: string | null;
};

type FactorAnalysis_RateStatistics = {
  n: number;
  return_per_100bp: number | null;
  standard_error: number | null;
  t: number | null;
  p: number | null;
  effective_duration: number | null;
};

type FactorAnalysis_Insights = {
  strongest_pairs: FactorAnalysis_CorrelatedPair[];
  most_negative_pairs: FactorAnalysis_CorrelatedPair[];
  best_diversifier: FactorAnalysis_Standout | null;
  most_negative_to_ust10y: FactorAnalysis_Standout | null;
  most_negative_to_ust10y_all: FactorAnalysis_Standout | null;
  components: { [name: string]: FactorAnalysis_PrincipalComponents };
  blocks?: { [name: string]: FactorAnalysis_ClusterBlock[] } | null;
};

type FactorAnalysis_CorrelatedPair = {
  category: string;
  a: string;
  b: string;
  correlation: number;
  n: number;
};

type FactorAnalysis_Standout = {
  ticker: string;
  label: string;
  composite?: boolean;
  among: string;
  against: string;
  correlation: number;
  n: number;
};

type FactorAnalysis_PrincipalComponents = {
  factors: number;
  explained: number[];
  effective_bets: number;
  repaired?: boolean;
};

type FactorAnalysis_ClusterBlock = {
  members: string[];
  mean_correlation: number | null;
};

type FactorAnalysis_Exclusion = {
  ticker: FactorAnalysis_Ticker;
  label: string;
  reason: FactorAnalysis_ExclusionReason;
  detail: string;
};

type FactorAnalysis_Ticker = string;

type FactorAnalysis_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type FactorAnalysis_NotAnalysed = {
  ticker: FactorAnalysis_Ticker;
  reason: string;
};

type FactorAnalysis_Score = "poor" | "fair" | "good" | "excellent";

type FactorAnalysis_Finding = {
  kind: FactorAnalysis_FindingKind;
  ticker: FactorAnalysis_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type FactorAnalysis_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type FactorAnalysis_EarlyEnd = {
  ticker: FactorAnalysis_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type FactorAnalysis_Bars = {
  ticker: FactorAnalysis_Ticker;
  spacing: FactorAnalysis_Spacing;
  placed: boolean;
  dates: FactorAnalysis_BarDates;
  assumed: boolean;
};

type FactorAnalysis_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type FactorAnalysis_BarDates = "own_days" | "first_days" | "later_days" | "months";

type FactorAnalysis_YieldFinding = {
  maturity: FactorAnalysis_Maturity;
  unit: FactorAnalysis_YieldUnit;
  median: number;
  rows: number;
};

type FactorAnalysis_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type FactorAnalysis_YieldUnit = "decimals" | "basis_points" | "unverified";

type FactorAnalysis_OddYields = {
  kind: FactorAnalysis_OddKind;
  maturity: FactorAnalysis_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type FactorAnalysis_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type FactorAnalysis_Copies = {
  tickers: FactorAnalysis_Ticker[];
  rows: number;
  stretch?: FactorAnalysis_Stretch | null;
};

type FactorAnalysis_Stretch = {
  from: string;
  to: string;
};

type FactorAnalysis_Frozen = {
  ticker: FactorAnalysis_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type FactorAnalysis_Repeated = {
  date: string;
  of: string;
  series: number;
};

type FactorAnalysis_Shifted = {
  ticker: FactorAnalysis_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: FactorAnalysis_Ticker;
  correlation: number;
  on_the_day: number;
};

type FactorAnalysis_ExDate = {
  ticker: FactorAnalysis_Ticker;
  date: string;
  return: number;
};

type FactorAnalysis_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: FactorAnalysis_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type FactorAnalysis_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type FactorAnalysis_DroppedEtf = {
  ticker: FactorAnalysis_Ticker;
  kept: FactorAnalysis_Ticker;
  correlation: number;
};

type FactorAnalysis_StaleCandidate = {
  ticker: FactorAnalysis_Ticker;
  reason: FactorAnalysis_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type FactorAnalysis_Category = "industry" | "style" | "market" | "fixed_income" | "cash" | "commodity" | "crypto" | "custom" | "user";

type FactorAnalysis_MarketSide = {
  n: number;
  mean_return: number | null;
  hit_rate: number | null;
  correlation: number | null;
};

type FactorAnalysis_Omitted = {
  ticker: FactorAnalysis_Ticker;
  reason: string;
};

type FactorAnalysis_FactorReturns = {
  label: string;
  category: FactorAnalysis_Category;
  windows: { [name: string]: FactorAnalysis_WindowReturn | null };
};

type FactorAnalysis_WindowReturn = {
  total_return: number;
  annualized_return?: number | null;
  volatility?: number | null;
  annualized_short?: boolean;
};

type FactorAnalysis_RankedFactor = {
  rank: number;
  ticker: FactorAnalysis_Ticker;
  label: string;
  category: FactorAnalysis_Category;
  total_return: number;
};

type FactorAnalysis_CategoryReturns = {
  avg_return: number | null;
  best: FactorAnalysis_Extreme | null;
  worst: FactorAnalysis_Extreme | null;
  count: number;
};

type FactorAnalysis_Extreme = {
  ticker: FactorAnalysis_Ticker;
  total_return: number;
};

type FactorAnalysis_GroupReturns = {
  members: FactorAnalysis_Ticker[];
  windows: { [name: string]: FactorAnalysis_WindowReturn | null };
};

type FactorAnalysis_YieldChange = {
  from: string;
  to: string;
  start: number;
  end: number;
  change: number;
};

/** What `get_factor_analysis` answers. */
export type FactorAnalysis = {
  status: "success";
  analysis_type: "correlations" | "performance" | "returns";
  not_analysed?: {
    ticker: string;
    reason: string;
  }[];
  warnings?: string[];
  note?: string;
  invalid_sections?: string[];
  invalid_fields?: string[];
  not_computed?: { [name: string]: string };
  truncated?: {
    section: string;
    shown: number;
    total: number;
    how_to_get_the_rest: string;
    sections_cut?: number;
    also?: {
      section?: string;
      shown?: number;
      total?: number;
    }[];
  };
  as_of?: string;
  period?: {
    from: string;
    to: string | null;
    frequency: "monthly" | "weekly" | "daily";
    periods: number;
    price_source: string;
  };
  matrices?: { [name: string]: { [name: string]: { [name: string]: number | null } } | {
    labels: string[];
    rows: ((number | null)[])[];
  } };
  overlays?: {
    rate_sensitivity?: { [name: string]: { [name: string]: number | null } };
    market_sensitivity?: { [name: string]: { [name: string]: number | null } };
    macro_composite_matrix?: { [name: string]: { [name: string]: number | null } } | {
      labels: string[];
      rows: ((number | null)[])[];
    };
    macro_etf_matrix?: { [name: string]: { [name: string]: number | null } } | {
      labels: string[];
      rows: ((number | null)[])[];
    };
  };
  rolling?: { [name: string]: { [name: string]: FactorAnalysis_Pair[] } };
  rolling_series?: { [name: string]: { [name: string]: { [name: string]: number | null } } };
  statistics?: {
    rate_sensitivity?: { [name: string]: { [name: string]: FactorAnalysis_RateStatistics } };
  };
  insights?: FactorAnalysis_Insights;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: FactorAnalysis_Exclusion[];
    not_analysed?: FactorAnalysis_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: FactorAnalysis_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: FactorAnalysis_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: FactorAnalysis_Finding[];
    early_month_end?: FactorAnalysis_EarlyEnd[];
    spacing?: FactorAnalysis_Bars[];
    yield_unit?: FactorAnalysis_YieldFinding[];
    odd_yields?: FactorAnalysis_OddYields[];
    copied_prices?: FactorAnalysis_Copies[];
    still_prices?: FactorAnalysis_Frozen[];
    repeated_rows?: FactorAnalysis_Repeated[];
    shifted?: FactorAnalysis_Shifted[];
    unadjusted_exdate?: FactorAnalysis_ExDate[];
    of_the_source?: FactorAnalysis_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: FactorAnalysis_Undefined[];
    macro_dropped?: FactorAnalysis_DroppedEtf[];
    stale_factor_candidates?: FactorAnalysis_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: FactorAnalysis_Ticker[] };
    excluded_more?: { [name: string]: number };
  };
  analysis_metadata?: {
    start_date: string;
    end_date: string;
    first_period?: string | null;
    last_period?: string | null;
    frequency: string;
    analysis_date?: string;
    as_of: string;
    stale_days?: number;
    categories?: string[];
    min_observations?: number;
    price_source?: { [name: string]: unknown };
    universe_source?: { [name: string]: unknown };
    universe_hash?: string;
    labels: { [name: string]: unknown };
    history: { [name: string]: unknown };
    conventions: { [name: string]: unknown };
    cache?: { [name: string]: unknown };
    lifecycle?: { [name: string]: unknown };
    version: string;
    receipt?: string;
  };
  performance?: {
    returns_panel_build_ms: number;
    factors_count_total: number;
    factors_count_per_category: { [name: string]: number };
    sections_computed: string[];
  };
  formatted_report?: string;
  factors_analyzed?: number;
  more?: string;
  per_factor?: { [name: string]: {
    label: string;
    category: FactorAnalysis_Category;
    asset_class: "equity" | "bond" | "cash" | "commodity" | "crypto" | null;
    first: string | null;
    last: string | null;
    observations: number;
    gaps: number;
    partial_history?: boolean;
    young?: boolean;
    stopped?: string | null;
    total_return: number | null;
    annual_return: number | null;
    volatility: number | null;
    sharpe_ratio: number | null;
    return_to_risk?: number | null;
    sortino_ratio: number | null;
    downside_deviation: number | null;
    max_drawdown: number | null;
    drawdown_peak: string | null;
    drawdown_trough: string | null;
    drawdown_recovery: string | null;
    drawdown_months_to_trough: number | null;
    drawdown_months_to_recovery: number | null;
    max_drawdown_daily: number | null;
    drawdown_daily_peak: string | null;
    drawdown_daily_trough: string | null;
    drawdown_daily_recovery: string | null;
    drawdown_daily_months_to_trough: number | null;
    drawdown_daily_months_to_recovery: number | null;
    calmar_ratio: number | null;
    beta: number | null;
    beta_t: number | null;
    beta_se: number | null;
    beta_interval: number[] | null;
    alpha: number | null;
    alpha_t: number | null;
    alpha_se: number | null;
    alpha_interval: number[] | null;
    r_squared: number | null;
    adjusted_r_squared: number | null;
    specific_risk: number | null;
    tracking_error: number | null;
    information_ratio: number | null;
    up_capture: number | null;
    down_capture: number | null;
    up_months: FactorAnalysis_MarketSide | null;
    down_months: FactorAnalysis_MarketSide | null;
    var_95: number | null;
    cvar_95: number | null;
    skewness: number | null;
    excess_kurtosis: number | null;
    best_period: number | null;
    best_period_date: string | null;
    worst_period: number | null;
    worst_period_date: string | null;
    hit_rate: number | null;
    dividend_yield: number | null;
    observations_of?: { [name: string]: number };
    sec_yield?: number | null;
  } };
  composites?: {
    macro?: { [name: string]: {
      members: FactorAnalysis_Ticker[];
      excluded?: FactorAnalysis_Omitted[];
      lookahead?: boolean;
      first: string | null;
      last: string | null;
      observations: number;
      gaps: number;
      partial_history?: boolean;
      young?: boolean;
      stopped?: string | null;
      total_return: number | null;
      annual_return: number | null;
      volatility: number | null;
      sharpe_ratio: number | null;
      return_to_risk?: number | null;
      sortino_ratio: number | null;
      downside_deviation: number | null;
      max_drawdown: number | null;
      drawdown_peak: string | null;
      drawdown_trough: string | null;
      drawdown_recovery: string | null;
      drawdown_months_to_trough: number | null;
      drawdown_months_to_recovery: number | null;
      max_drawdown_daily: number | null;
      drawdown_daily_peak: string | null;
      drawdown_daily_trough: string | null;
      drawdown_daily_recovery: string | null;
      drawdown_daily_months_to_trough: number | null;
      drawdown_daily_months_to_recovery: number | null;
      calmar_ratio: number | null;
      beta: number | null;
      beta_t: number | null;
      beta_se: number | null;
      beta_interval: number[] | null;
      alpha: number | null;
      alpha_t: number | null;
      alpha_se: number | null;
      alpha_interval: number[] | null;
      r_squared: number | null;
      adjusted_r_squared: number | null;
      specific_risk: number | null;
      tracking_error: number | null;
      information_ratio: number | null;
      up_capture: number | null;
      down_capture: number | null;
      up_months: FactorAnalysis_MarketSide | null;
      down_months: FactorAnalysis_MarketSide | null;
      var_95: number | null;
      cvar_95: number | null;
      skewness: number | null;
      excess_kurtosis: number | null;
      best_period: number | null;
      best_period_date: string | null;
      worst_period: number | null;
      worst_period_date: string | null;
      hit_rate: number | null;
      dividend_yield: number | null;
      observations_of?: { [name: string]: number };
    } };
    category?: { [name: string]: { [name: string]: {
      members: FactorAnalysis_Ticker[];
      excluded?: FactorAnalysis_Omitted[];
      lookahead?: boolean;
      first: string | null;
      last: string | null;
      observations: number;
      gaps: number;
      partial_history?: boolean;
      young?: boolean;
      stopped?: string | null;
      total_return: number | null;
      annual_return: number | null;
      volatility: number | null;
      sharpe_ratio: number | null;
      return_to_risk?: number | null;
      sortino_ratio: number | null;
      downside_deviation: number | null;
      max_drawdown: number | null;
      drawdown_peak: string | null;
      drawdown_trough: string | null;
      drawdown_recovery: string | null;
      drawdown_months_to_trough: number | null;
      drawdown_months_to_recovery: number | null;
      max_drawdown_daily: number | null;
      drawdown_daily_peak: string | null;
      drawdown_daily_trough: string | null;
      drawdown_daily_recovery: string | null;
      drawdown_daily_months_to_trough: number | null;
      drawdown_daily_months_to_recovery: number | null;
      calmar_ratio: number | null;
      beta: number | null;
      beta_t: number | null;
      beta_se: number | null;
      beta_interval: number[] | null;
      alpha: number | null;
      alpha_t: number | null;
      alpha_se: number | null;
      alpha_interval: number[] | null;
      r_squared: number | null;
      adjusted_r_squared: number | null;
      specific_risk: number | null;
      tracking_error: number | null;
      information_ratio: number | null;
      up_capture: number | null;
      down_capture: number | null;
      up_months: FactorAnalysis_MarketSide | null;
      down_months: FactorAnalysis_MarketSide | null;
      var_95: number | null;
      cvar_95: number | null;
      skewness: number | null;
      excess_kurtosis: number | null;
      best_period: number | null;
      best_period_date: string | null;
      worst_period: number | null;
      worst_period_date: string | null;
      hit_rate: number | null;
      dividend_yield: number | null;
      observations_of?: { [name: string]: number };
    } } };
  };
  window_dates?: { [name: string]: {
    from: string | null;
    to: string | null;
    periods: number;
    reason?: string | null;
  } };
  windows?: string[];
  factors?: { [name: string]: FactorAnalysis_FactorReturns };
  rankings?: { [name: string]: FactorAnalysis_RankedFactor[] };
  by_category?: { [name: string]: { [name: string]: FactorAnalysis_CategoryReturns } };
  industry_groups?: { [name: string]: FactorAnalysis_GroupReturns };
  yields?: { [name: string]: { [name: string]: FactorAnalysis_YieldChange | null } };
};

type KeptGroup_KeptGroup = {
  status: KeptGroup_Success;
  group_name: string;
  proxy_identifier: string;
  description: string;
  tickers: KeptGroup_Ticker[];
  weighting_method: KeptGroup_WeightingMethod;
  weights?: { [name: string]: number } | null;
  ticker_count: number;
  is_valid: boolean | null;
  created_at: string;
  updated_at: string;
  validation_metadata: KeptGroup_ValidationMetadata;
};

type KeptGroup_Success = "success";

type KeptGroup_Ticker = string;

type KeptGroup_WeightingMethod = "equal" | "market_cap" | "custom";

type KeptGroup_ValidationMetadata = {
  tickers_included: KeptGroup_Ticker[] | null;
  tickers_excluded: KeptGroup_ExcludedMember[];
  final_weights: { [name: string]: number } | null;
  data_points?: number;
  date_range?: string | null;
  members_marked?: { [name: string]: KeptGroup_MemberMark };
  weights_as_of?: string;
  source?: string;
  lookahead?: boolean;
};

type KeptGroup_ExcludedMember = {
  ticker: KeptGroup_Ticker;
  reason: KeptGroup_ExcludedReason;
  detail: string;
};

type KeptGroup_ExcludedReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices" | "no_market_cap" | "left_out";

type KeptGroup_MemberMark = {
  stopped?: string | null;
  young?: boolean;
  first: string | null;
  observations: number;
  share_of_rows: number | null;
};

/** What `get_factor_group` answers. */
export type KeptGroup = KeptGroup_KeptGroup;

type Recommendations_Framed = {
  status: Recommendations_Status;
  not_analysed?: Recommendations_NotAnalysed[] | null;
  warnings?: string[] | null;
  invalid_sections?: string[] | null;
  not_computed?: { [name: string]: string } | null;
  overexposed_factor?: Recommendations_ResolvedFactor | null;
  best_hedge?: {
    members: Recommendations_WholeLeg[] | Recommendations_ShortLeg[];
    effectiveness?: Recommendations_BestHedgeEffectiveness;
    next_quarter: {
      low: number;
      median: number;
      high: number;
      level?: number;
      quarters?: number;
      pooled?: number;
    } | null;
    gross?: number;
    net?: number;
    rows: number;
    first: string;
    last: string;
    left_out?: { [name: string]: string[] };
    not_known?: string[];
    in_sample?: number;
    with_short_sales?: number | null;
    estimate?: number[] | null;
  } | null;
  reduce?: {
    share: number | null;
    reason?: "hedge_does_not_reduce" | "all_is_too_little" | "portfolio_has_gaps" | null;
    share_expected: number | null;
    change?: number | null;
    unchanged?: Recommendations_Position;
    hedged?: Recommendations_Position;
    reduced?: Recommendations_Position | null;
    trades?: Recommendations_Trade[];
    annual_return?: Recommendations_Returns;
  } | null;
  scorecard?: Recommendations_ScorecardReport | null;
  scenario?: Recommendations_ScenarioSection | null;
  portfolio?: Recommendations_PortfolioFacts | null;
  current_portfolio_exposures?: { [name: string]: number } | null;
  regression_exposures?: Recommendations_Exposures | null;
  recommendations?: Recommendations_RecommendationRow[] | null;
  basket?: {
    members: Recommendations_BasketMember[];
    correlation_to_overexposed: number | null;
    correlation_interval?: number[] | null;
    n: number;
    down_market_correlation?: number | null;
    rolling_36?: Recommendations_Rolling36;
    hedge_effectiveness: {
      in_sample: number | null;
      out_of_sample: number | null;
    };
    portfolio_volatility?: {
      before: number;
      after: number;
    } | null;
    objective?: Recommendations_Objective;
    shrinkage_intensity?: number;
    dropped?: string[];
    sets_tried?: number;
    rationale?: string;
  } | null;
  candidates_scanned?: number | null;
  candidates_meeting_threshold?: number | null;
  insights?: Recommendations_Insights | null;
  as_of?: string | null;
  period?: Recommendations_Period | null;
  further?: { [name: string]: number | null } | null;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: Recommendations_Exclusion[];
    not_analysed?: Recommendations_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: Recommendations_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: Recommendations_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: Recommendations_Finding[];
    early_month_end?: Recommendations_EarlyEnd[];
    spacing?: Recommendations_Bars[];
    yield_unit?: Recommendations_YieldFinding[];
    odd_yields?: Recommendations_OddYields[];
    copied_prices?: Recommendations_Copies[];
    still_prices?: Recommendations_Frozen[];
    repeated_rows?: Recommendations_Repeated[];
    shifted?: Recommendations_Shifted[];
    unadjusted_exdate?: Recommendations_ExDate[];
    of_the_source?: Recommendations_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: Recommendations_Undefined[];
    macro_dropped?: Recommendations_DroppedEtf[];
    stale_factor_candidates?: Recommendations_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: Recommendations_Ticker[] };
    excluded_more?: { [name: string]: number };
  } | null;
  more?: Recommendations_More | null;
  performance?: { [name: string]: unknown } | null;
  analysis_metadata?: { [name: string]: unknown } | null;
  formatted_report?: string | null;
  truncated?: { [name: string]: unknown } | null;
  note?: string | null;
};

type Recommendations_Status = "success";

type Recommendations_NotAnalysed = {
  ticker: Recommendations_Ticker;
  reason: string;
};

type Recommendations_Ticker = string;

type Recommendations_ResolvedFactor = {
  query: string;
  resolved: string;
  label: string | null;
  kind: string;
  matched_by: Recommendations_MatchedBy;
  members?: Recommendations_Ticker[] | null;
  member_count?: number | null;
};

type Recommendations_MatchedBy = "ticker" | "holding" | "label" | "alias" | "category" | "sector_group" | "subindustry" | "asset_class" | "sector" | "user_group" | "portfolio" | "part of a name" | "description";

type Recommendations_WholeLeg = {
  factor: string;
  etf_ticker: Recommendations_Ticker | null;
  ratio: number;
  direction: Recommendations_LegDirection;
  estimate: Recommendations_Interval | null;
  correlation_to_overexposed: number;
  in_portfolio?: Recommendations_LegInPortfolio | null;
  expense_ratio: number | null;
  average_daily_value: number | null;
  trades?: Recommendations_Trade[];
};

type Recommendations_LegDirection = "buy" | "sell" | "sell short";

type Recommendations_Interval = {
  low: number;
  high: number;
  level: number;
};

type Recommendations_LegInPortfolio = {
  change: number;
  from_holding: number;
  sold_short: number;
};

type Recommendations_Trade = {
  etf_ticker: Recommendations_Ticker;
  direction: Recommendations_LegDirection;
  weight: number;
  dollars?: number | null;
  shares?: number | null;
};

type Recommendations_BestHedgeEffectiveness = {
  in_sample: number;
  estimate: Recommendations_Interval | null;
  with_short_sales?: number | null;
};

type Recommendations_ShortLeg = {
  etf_ticker: Recommendations_Ticker | null;
  ratio: number;
  direction: Recommendations_LegDirection;
  change?: number | null;
  trades?: Recommendations_Trade[];
};

type Recommendations_Position = {
  annual_return: number | null;
  volatility: number | null;
  gross: number;
  net: number;
  turnover: number;
  return_given_up: number | null;
};

type Recommendations_Returns = {
  unchanged: number | null;
  hedged: number | null;
  reduced: number | null;
};

type Recommendations_ScorecardReport = {
  of_factor: Recommendations_Grades | null;
  over_universe: Recommendations_Grades | null;
  swaps?: Recommendations_SwapGrades | null;
};

type Recommendations_Grades = {
  fund_quarters: number;
  first: string;
  last: string;
  evaluated_to: string;
  strategies: Recommendations_StrategyGrade[];
  coverage: Recommendations_Coverage;
};

type Recommendations_StrategyGrade = {
  strategy: Recommendations_Strategy;
  quarters: number;
  no_trade: number;
  mean: number;
  median: number;
  percentile_10: number;
  worst: number;
  helped: number | null;
  in_sample: number | null;
  gross: number;
  net: number;
  turnover: number | null;
  return_per_year: number | null;
};

type Recommendations_Strategy = "best_hedge" | "two_members" | "closest_relative_sold" | "least_correlated_bought" | "bonds_bought" | "market_sold" | "cash" | "no_hedge" | "hindsight";

type Recommendations_Coverage = {
  estimate: number | null;
  estimates: number;
  next_quarter: number | null;
  expectations: number;
};

type Recommendations_SwapGrades = {
  quarters: number;
  no_trade: number;
  first: string;
  last: string;
  into_fund: Recommendations_Taken;
  into_cash: Recommendations_Taken;
};

type Recommendations_Taken = {
  mean: number;
  median: number;
  percentile_10: number;
  worst: number;
  helped: number | null;
};

type Recommendations_ScenarioSection = {
  scenario: string;
  from: string;
  to: string;
  total_return: number | null;
  half_width?: number | null;
  max_drawdown: number | null;
  tested: number;
  held: number;
  ratio_rows: number;
  ratios_from: string;
  ratios_to: string;
  ratios_after_the_event?: boolean;
};

type Recommendations_PortfolioFacts = {
  portfolio_name: string | null;
  normalisation: string;
  weight_of_overexposed: number;
  unexplained_weight: number;
};

type Recommendations_Exposures = {
  alpha: number | null;
  alpha_t: number | null;
  r_squared: number;
  observations: number;
  factors: { [name: string]: Recommendations_FactorExposure };
  residual_share: number;
  dropped: Recommendations_DroppedFactor[];
  young_factors?: Recommendations_YoungFactors | null;
};

type Recommendations_FactorExposure = {
  beta: number;
  t: number | null;
  vif: number;
  variance_share: number;
};

type Recommendations_DroppedFactor = {
  factor: string;
  reason: Recommendations_DropReason;
  detail: string;
};

type Recommendations_DropReason = "young" | "stopped" | "thin_history" | "constant" | "collinear";

type Recommendations_YoungFactors = {
  factors: string[];
  observations_without: number;
};

type Recommendations_RecommendationRow = {
  rank: number;
  factor: string;
  etf_ticker: Recommendations_Ticker | null;
  category: "industry" | "style" | "market" | "fixed_income" | "cash" | "commodity" | "crypto" | "custom" | "user";
  young?: boolean;
  correlation_to_overexposed: number | null;
  correlation_interval?: number[] | null;
  n: number;
  down_market_correlation?: number | null;
  rolling_36?: Recommendations_Rolling36;
  hedge_ratio: number | null;
  direction: "long" | "short" | null;
  hedge_effectiveness: {
    in_sample: number | null;
    out_of_sample: number | null;
  };
  in_scenario?: {
    ratio: number;
    scenario_excess_return: number;
    result: number;
    hedged_return: number;
    held: boolean | null;
  } | null;
  current_portfolio_exposure?: number | null;
  suggested_additional_allocation?: number | null;
  reason?: "would_not_reduce" | null;
  portfolio_volatility?: {
    before: number;
    after: number;
  } | null;
  volatility_into_cash?: number | null;
  fall_from_selling?: number | null;
  cost_per_year?: number | null;
  sharpe_ratio: number | null;
  max_drawdown: number | null;
  dividend_yield?: number | null;
  expense_ratio?: number | null;
  average_daily_value?: number | null;
  meets_threshold: boolean;
  significant: boolean;
  score?: number;
  score_parts?: Recommendations_ScoreParts;
  rationale?: string;
};

type Recommendations_Rolling36 = {
  min: number | null;
  max: number | null;
  latest: number | null;
  windows: number;
};

type Recommendations_Effectiveness = {
  in_sample: number | null;
  out_of_sample: number | null;
};

type Recommendations_ScoreParts = {
  correlation: number | null;
  sharpe_ratio: number | null;
  max_drawdown: number | null;
  dividend_yield: number | null;
};

type Recommendations_BasketMember = {
  factor: string;
  etf_ticker: Recommendations_Ticker | null;
  hedge_ratio: number;
  suggested_additional_allocation?: number | null;
};

type Recommendations_Objective = {
  minimised: Recommendations_MinimizedVariance;
  before: number;
  after: number;
  best_single: number;
  best_single_factor: string;
};

type Recommendations_MinimizedVariance = "portfolio_variance" | "factor_variance";

type Recommendations_Insights = {
  sentences: string[];
  not_known: string;
  nothing_offsets: boolean | null;
  best_out_of_sample: number | null;
  best_short?: Recommendations_BestShort | null;
  selection_in_sample?: boolean | null;
  left_out: { [name: string]: Recommendations_Names };
  yields_unknown?: string[] | number | null;
};

type Recommendations_BestShort = {
  factor: string;
  etf_ticker: Recommendations_Ticker | null;
  hedge_ratio: number;
  hedge_effectiveness: Recommendations_Effectiveness;
  n: number;
};

type Recommendations_Names = string[] | number;

type Recommendations_Period = {
  from: string;
  to: string | null;
  frequency: Recommendations_Frequency;
  periods: number;
};

type Recommendations_Frequency = "monthly" | "weekly" | "daily";

type Recommendations_Exclusion = {
  ticker: Recommendations_Ticker;
  label: string;
  reason: Recommendations_ExclusionReason;
  detail: string;
};

type Recommendations_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type Recommendations_Score = "poor" | "fair" | "good" | "excellent";

type Recommendations_Finding = {
  kind: Recommendations_FindingKind;
  ticker: Recommendations_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type Recommendations_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type Recommendations_EarlyEnd = {
  ticker: Recommendations_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type Recommendations_Bars = {
  ticker: Recommendations_Ticker;
  spacing: Recommendations_Spacing;
  placed: boolean;
  dates: Recommendations_BarDates;
  assumed: boolean;
};

type Recommendations_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type Recommendations_BarDates = "own_days" | "first_days" | "later_days" | "months";

type Recommendations_YieldFinding = {
  maturity: Recommendations_Maturity;
  unit: Recommendations_YieldUnit;
  median: number;
  rows: number;
};

type Recommendations_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type Recommendations_YieldUnit = "decimals" | "basis_points" | "unverified";

type Recommendations_OddYields = {
  kind: Recommendations_OddKind;
  maturity: Recommendations_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type Recommendations_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type Recommendations_Copies = {
  tickers: Recommendations_Ticker[];
  rows: number;
  stretch?: Recommendations_Stretch | null;
};

type Recommendations_Stretch = {
  from: string;
  to: string;
};

type Recommendations_Frozen = {
  ticker: Recommendations_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type Recommendations_Repeated = {
  date: string;
  of: string;
  series: number;
};

type Recommendations_Shifted = {
  ticker: Recommendations_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: Recommendations_Ticker;
  correlation: number;
  on_the_day: number;
};

type Recommendations_ExDate = {
  ticker: Recommendations_Ticker;
  date: string;
  return: number;
};

type Recommendations_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: Recommendations_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type Recommendations_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type Recommendations_DroppedEtf = {
  ticker: Recommendations_Ticker;
  kept: Recommendations_Ticker;
  correlation: number;
};

type Recommendations_StaleCandidate = {
  ticker: Recommendations_Ticker;
  reason: Recommendations_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type Recommendations_More = {
  include: string[];
};

/** What `get_factor_recommendations` answers. */
export type Recommendations = Recommendations_Framed;

type SavedPortfolio_KeptPortfolio = {
  status: SavedPortfolio_Success;
  portfolio_name: string;
  holding_count: number;
  holdings: SavedPortfolio_HoldingView[];
  created_at: string;
  updated_at: string;
  weights: { [name: string]: number } | null;
  normalisation: string;
  total_value?: number | null;
  prices_used?: SavedPortfolio_PriceUsed[];
  unpriced?: SavedPortfolio_Unpriced[];
  warnings?: string[];
};

type SavedPortfolio_Success = "success";

type SavedPortfolio_HoldingView = {
  ticker: SavedPortfolio_Ticker;
  weight?: number;
  shares?: number;
  value?: number;
};

type SavedPortfolio_Ticker = string;

type SavedPortfolio_PriceUsed = {
  ticker: SavedPortfolio_Ticker;
  price: number;
  date: string;
  source: string;
  kind: SavedPortfolio_PriceKind;
};

type SavedPortfolio_PriceKind = "adjusted" | "close";

type SavedPortfolio_Unpriced = {
  ticker: SavedPortfolio_Ticker;
  reason: string;
};

/** What `get_portfolio` answers. */
export type SavedPortfolio = SavedPortfolio_KeptPortfolio;

type Exposures_Framed = {
  status: Exposures_Status;
  not_analysed?: Exposures_NotAnalysed[] | null;
  warnings?: string[] | null;
  invalid_sections?: string[] | null;
  not_computed?: { [name: string]: string } | null;
  portfolio_name?: string | null;
  holdings?: Exposures_Classification[] | null;
  normalisation?: string | null;
  total_value?: number | null;
  prices_used?: Exposures_PriceUsed[];
  by_industry?: { [name: string]: number };
  by_sector_group?: { [name: string]: number };
  by_asset_class?: { [name: string]: number };
  regression?: Exposures_Exposures | null;
  lens?: Exposures_LensUsed | null;
  risk?: Exposures_Risk | null;
  weights?: Exposures_Weights | null;
  what_if?: Exposures_Trade | null;
  calendar_years?: Exposures_CalendarYear[] | null;
  insights?: Exposures_Insights | null;
  as_of?: string | null;
  period?: Exposures_Period | null;
  holding_count?: number | null;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: Exposures_Exclusion[];
    not_analysed?: Exposures_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: Exposures_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: Exposures_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: Exposures_Finding[];
    early_month_end?: Exposures_EarlyEnd[];
    spacing?: Exposures_Bars[];
    yield_unit?: Exposures_YieldFinding[];
    odd_yields?: Exposures_OddYields[];
    copied_prices?: Exposures_Copies[];
    still_prices?: Exposures_Frozen[];
    repeated_rows?: Exposures_Repeated[];
    shifted?: Exposures_Shifted[];
    unadjusted_exdate?: Exposures_ExDate[];
    of_the_source?: Exposures_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: Exposures_Undefined[];
    macro_dropped?: Exposures_DroppedEtf[];
    stale_factor_candidates?: Exposures_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: Exposures_Ticker[] };
    excluded_more?: { [name: string]: number };
  } | null;
  more?: Exposures_More | null;
  performance?: { [name: string]: unknown } | null;
  analysis_metadata?: { [name: string]: unknown } | null;
  formatted_report?: string | null;
  truncated?: { [name: string]: unknown } | null;
  note?: string | null;
};

type Exposures_Status = "success";

type Exposures_NotAnalysed = {
  ticker: Exposures_Ticker;
  reason: string;
};

type Exposures_Ticker = string;

type Exposures_Classification = {
  ticker: Exposures_Ticker;
  weight: number;
  industry: string;
  sector_group: string;
  asset_class: string;
  stands_for: Exposures_Ticker | null;
};

type Exposures_PriceUsed = {
  ticker: Exposures_Ticker;
  price: number;
  date: string;
  source: string;
  kind: Exposures_PriceKind;
};

type Exposures_PriceKind = "adjusted" | "close";

type Exposures_Exposures = {
  alpha: number | null;
  alpha_t: number | null;
  r_squared: number;
  observations: number;
  factors: { [name: string]: Exposures_FactorExposure };
  residual_share: number;
  dropped: Exposures_DroppedFactor[];
  young_factors?: Exposures_YoungFactors | null;
};

type Exposures_FactorExposure = {
  beta: number;
  t: number | null;
  vif: number;
  variance_share: number;
};

type Exposures_DroppedFactor = {
  factor: string;
  reason: Exposures_DropReason;
  detail: string;
};

type Exposures_DropReason = "young" | "stopped" | "thin_history" | "constant" | "collinear";

type Exposures_YoungFactors = {
  factors: string[];
  observations_without: number;
};

type Exposures_LensUsed = {
  factors: { [name: string]: string };
  most_correlated: Exposures_LensPair | null;
};

type Exposures_LensPair = {
  a: Exposures_LensFactor;
  b: Exposures_LensFactor;
  correlation: number;
  n: number;
};

type Exposures_LensFactor = "equity" | "rates" | "credit" | "commodity" | "gold" | "inflation" | "emerging" | "small" | "value" | "momentum" | "quality" | "low_volatility";

type Exposures_Risk = {
  observations: number;
  first: string | null;
  last: string | null;
  total_return: number | null;
  annual_return: number | null;
  volatility: number | null;
  sharpe_ratio: number | null;
  return_to_risk?: number | null;
  beta: number | null;
  max_drawdown: number | null;
  drawdown_peak: string | null;
  drawdown_trough: string | null;
  drawdown_recovery: string | null;
  drawdown_months_to_trough: number | null;
  drawdown_months_to_recovery: number | null;
  max_drawdown_daily: number | null;
  drawdown_daily_peak: string | null;
  drawdown_daily_trough: string | null;
  drawdown_daily_recovery: string | null;
  drawdown_daily_months_to_trough: number | null;
  drawdown_daily_months_to_recovery: number | null;
  var_95: number | null;
  cvar_95: number | null;
  risk_contribution?: { [name: string]: number | null } | null;
  observations_of?: { [name: string]: number };
};

type Exposures_Weights = {
  net: number;
  gross: number;
  cash: number;
  unexplained: number;
};

type Exposures_Trade = {
  observations: number;
  how: string;
  before: Exposures_TradeState;
  after: Exposures_TradeState;
  change: Exposures_RiskChange;
  changes: { [name: string]: number } | null;
  weights_after?: { [name: string]: number } | null;
};

type Exposures_TradeState = {
  risk: Exposures_Risk;
  regression?: Exposures_Exposures | null;
  no_regression?: string | null;
  by_industry?: { [name: string]: number };
  by_sector_group?: { [name: string]: number };
  by_asset_class?: { [name: string]: number };
};

type Exposures_RiskChange = {
  total_return: number | null;
  annual_return: number | null;
  volatility: number | null;
  sharpe_ratio: number | null;
  return_to_risk?: number | null;
  beta: number | null;
  max_drawdown: number | null;
  max_drawdown_daily: number | null;
  var_95: number | null;
  cvar_95: number | null;
};

type Exposures_CalendarYear = {
  year: number;
  from: string;
  to: string;
  periods: number;
  partial?: boolean;
  total_return: number | null;
  benchmark_return: number | null;
  difference: number | null;
};

type Exposures_Insights = {
  sentences: string[];
  not_known: string;
};

type Exposures_Period = {
  from: string;
  to: string | null;
  frequency: Exposures_Frequency;
  periods: number;
};

type Exposures_Frequency = "monthly" | "weekly" | "daily";

type Exposures_Exclusion = {
  ticker: Exposures_Ticker;
  label: string;
  reason: Exposures_ExclusionReason;
  detail: string;
};

type Exposures_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type Exposures_Score = "poor" | "fair" | "good" | "excellent";

type Exposures_Finding = {
  kind: Exposures_FindingKind;
  ticker: Exposures_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type Exposures_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type Exposures_EarlyEnd = {
  ticker: Exposures_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type Exposures_Bars = {
  ticker: Exposures_Ticker;
  spacing: Exposures_Spacing;
  placed: boolean;
  dates: Exposures_BarDates;
  assumed: boolean;
};

type Exposures_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type Exposures_BarDates = "own_days" | "first_days" | "later_days" | "months";

type Exposures_YieldFinding = {
  maturity: Exposures_Maturity;
  unit: Exposures_YieldUnit;
  median: number;
  rows: number;
};

type Exposures_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type Exposures_YieldUnit = "decimals" | "basis_points" | "unverified";

type Exposures_OddYields = {
  kind: Exposures_OddKind;
  maturity: Exposures_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type Exposures_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type Exposures_Copies = {
  tickers: Exposures_Ticker[];
  rows: number;
  stretch?: Exposures_Stretch | null;
};

type Exposures_Stretch = {
  from: string;
  to: string;
};

type Exposures_Frozen = {
  ticker: Exposures_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type Exposures_Repeated = {
  date: string;
  of: string;
  series: number;
};

type Exposures_Shifted = {
  ticker: Exposures_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: Exposures_Ticker;
  correlation: number;
  on_the_day: number;
};

type Exposures_ExDate = {
  ticker: Exposures_Ticker;
  date: string;
  return: number;
};

type Exposures_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: Exposures_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type Exposures_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type Exposures_DroppedEtf = {
  ticker: Exposures_Ticker;
  kept: Exposures_Ticker;
  correlation: number;
};

type Exposures_StaleCandidate = {
  ticker: Exposures_Ticker;
  reason: Exposures_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type Exposures_More = {
  include: string[];
};

/** What `get_portfolio_exposures` answers. */
export type Exposures = Exposures_Framed;

type GroupList_ListedGroups = {
  status: GroupList_Success;
  count: number;
  factor_groups: GroupList_ListedGroup[];
  damaged?: GroupList_DamagedItem[];
};

type GroupList_Success = "success";

type GroupList_ListedGroup = {
  group_name: string;
  proxy_identifier: string;
  description: string;
  tickers: GroupList_Ticker[];
  ticker_count: number;
  weighting_method: GroupList_WeightingMethod;
  is_valid: boolean | null;
  created_at: string;
  updated_at: string;
};

type GroupList_Ticker = string;

type GroupList_WeightingMethod = "equal" | "market_cap" | "custom";

type GroupList_DamagedItem = {
  name: string;
  detail: string;
};

/** What `list_factor_groups` answers. */
export type GroupList = GroupList_ListedGroups;

type FactorList_FactorsPage = {
  status: FactorList_Success;
  count: number;
  total: number;
  counts_by_category: { [name: string]: number };
  without_prices_count?: number | null;
  without_prices?: FactorList_Ticker[];
  factors: FactorList_FactorRow[];
  next_cursor: string | null;
};

type FactorList_Success = "success";

type FactorList_Ticker = string;

type FactorList_FactorRow = {
  ticker: FactorList_Ticker;
  label: string;
  aliases: string[];
  category: FactorList_Category;
  asset_class: "equity" | "bond" | "cash" | "commodity" | "crypto" | null;
  sector_group: string | null;
  proxy_key: string | null;
  source: FactorList_SourceTier;
  first?: string | null;
  last?: string | null;
  no_data?: string | null;
};

type FactorList_Category = "industry" | "style" | "market" | "fixed_income" | "cash" | "commodity" | "crypto" | "custom" | "user";

type FactorList_SourceTier = "database" | "yaml" | "builtin" | "request";

/** What `list_factors` answers. */
export type FactorList = FactorList_FactorsPage;

type PortfolioList_ListedPortfolios = {
  status: PortfolioList_Success;
  count: number;
  portfolios: PortfolioList_ListedPortfolio[];
  damaged?: PortfolioList_DamagedItem[];
};

type PortfolioList_Success = "success";

type PortfolioList_ListedPortfolio = {
  portfolio_name: string;
  holding_count: number;
  created_at: string;
  updated_at: string;
};

type PortfolioList_DamagedItem = {
  name: string;
  detail: string;
};

/** What `list_portfolios` answers. */
export type PortfolioList = PortfolioList_ListedPortfolios;

type StressTest_Framed = {
  status: StressTest_Status;
  not_analysed?: StressTest_NotAnalysed[] | null;
  warnings?: string[] | null;
  invalid_sections?: string[] | null;
  not_computed?: { [name: string]: string } | null;
  portfolio_name?: string | null;
  factor?: StressTest_ResolvedFactor | null;
  insights?: StressTest_Insights | null;
  scenarios?: StressTest_ScenarioRow[] | null;
  other_scenarios?: { [name: string]: number | null } | null;
  not_testable?: StressTest_NotTestable[] | null;
  shock?: StressTest_ShockSection | null;
  reverse?: StressTest_ReverseSection | null;
  weights?: { [name: string]: number } | null;
  normalisation?: string | null;
  as_of?: string | null;
  period?: StressTest_Period | null;
  data_quality?: {
    factors_requested: number;
    factors_analyzed: number;
    factors_excluded: number;
    excluded_factor_list?: StressTest_Exclusion[];
    not_analysed?: StressTest_NotAnalysed[];
    observations?: number;
    data_coverage_pct: number;
    coverage_pct_per_group?: { [name: string]: number };
    quality_score: StressTest_Score;
    pairs_below_min?: number;
    deduplicated_pairs?: number;
    price_only_tickers?: StressTest_Ticker[];
    bad_prices?: { [name: string]: number };
    suspect_returns?: StressTest_Finding[];
    early_month_end?: StressTest_EarlyEnd[];
    spacing?: StressTest_Bars[];
    yield_unit?: StressTest_YieldFinding[];
    odd_yields?: StressTest_OddYields[];
    copied_prices?: StressTest_Copies[];
    still_prices?: StressTest_Frozen[];
    repeated_rows?: StressTest_Repeated[];
    shifted?: StressTest_Shifted[];
    unadjusted_exdate?: StressTest_ExDate[];
    of_the_source?: StressTest_Told[];
    unlabeled_industries?: string[];
    invalid_windows?: string[];
    undefined?: StressTest_Undefined[];
    macro_dropped?: StressTest_DroppedEtf[];
    stale_factor_candidates?: StressTest_StaleCandidate[];
    warnings?: string[];
    excluded?: { [name: string]: StressTest_Ticker[] };
    excluded_more?: { [name: string]: number };
  } | null;
  more?: StressTest_More | null;
  performance?: { [name: string]: unknown } | null;
  analysis_metadata?: { [name: string]: unknown } | null;
  formatted_report?: string | null;
  truncated?: { [name: string]: unknown } | null;
  note?: string | null;
};

type StressTest_Status = "success";

type StressTest_NotAnalysed = {
  ticker: StressTest_Ticker;
  reason: string;
};

type StressTest_Ticker = string;

type StressTest_ResolvedFactor = {
  query: string;
  resolved: string;
  label: string | null;
  kind: string;
  matched_by: StressTest_MatchedBy;
  members?: StressTest_Ticker[] | null;
  member_count?: number | null;
};

type StressTest_MatchedBy = "ticker" | "holding" | "label" | "alias" | "category" | "sector_group" | "subindustry" | "asset_class" | "sector" | "user_group" | "portfolio" | "part of a name" | "description";

type StressTest_Insights = {
  sentences: string[];
  not_known: string;
};

type StressTest_ScenarioRow = {
  scenario: string;
  from: string;
  to: string;
  total_return: number | null;
  half_width?: number | null;
  covered_weight?: number;
  stand_in_weight?: number;
  covered_contribution?: number | null;
  max_drawdown: number | null;
  drawdown_peak?: string | null;
  drawdown_trough?: string | null;
  worst_day: {
    date: string;
    total_return: number;
  } | null;
  recovery_days: number | null;
  not_recovered_by?: string | null;
  holdings?: StressTest_HoldingReturn[];
  hedges?: StressTest_OffsetResult[] | null;
  best_hedge?: {
    ratios: { [name: string]: number };
    result: number;
    hedged_return: number;
    interval?: number[] | null;
    held: boolean | null;
  } | null;
  held?: { [name: string]: boolean | null };
  results?: { [name: string]: number };
  share_sold?: number | null;
  ratios_after_the_event?: boolean;
  no_hedges?: string | null;
  lost_most?: StressTest_LostMost | null;
  stood_in_for?: string[];
};

type StressTest_WorstDay = {
  date: string;
  total_return: number;
};

type StressTest_HoldingReturn = {
  holding: string;
  weight: number;
  total_return: number | null;
  contribution: number | null;
  max_drawdown: number | null;
  worst_day: StressTest_WorstDay | null;
  recovery_days: number | null;
  stand_in?: StressTest_StandIn | null;
  not_testable?: string | null;
};

type StressTest_StandIn = {
  betas: { [name: string]: StressTest_StandInBeta };
  observations: number;
  r_squared: number;
  half_width: number | null;
};

type StressTest_StandInBeta = {
  beta: number;
  interval: number[] | null;
};

type StressTest_OffsetResult = {
  offset: StressTest_Offset;
  legs: StressTest_OffsetLeg[];
  share_sold?: number | null;
  result: number;
  hedged_return: number;
  held: boolean | null;
  interval?: number[] | null;
  in_sample: number;
  rows: number;
  first: string;
  last: string;
  ratios_after_the_event?: boolean;
};

type StressTest_Offset = "best_hedge" | "bought" | "bonds_bought" | "market_sold_short" | "reduce";

type StressTest_OffsetLeg = {
  ticker: StressTest_Ticker;
  ratio: number;
  scenario_excess_return: number;
};

type StressTest_ShortHedge = {
  ratios: { [name: string]: number };
  result: number;
  hedged_return: number;
  interval?: number[] | null;
  held: boolean | null;
};

type StressTest_LostMost = {
  holding: string;
  contribution: number;
};

type StressTest_NotTestable = {
  scenarios: string[];
  covered: { [name: string]: StressTest_Covered };
  why: string;
};

type StressTest_Covered = {
  weight: number;
  contribution: number;
};

type StressTest_ShockSection = {
  horizon: number;
  response: number;
  half_width: number;
  interval: number[];
  sensitivities: { [name: string]: StressTest_Sensitivity };
  r_squared: number;
  residual_deviation: number;
  residual_deviation_of_late: number;
  observations: number;
  first: string;
  last: string;
  plausibility: StressTest_Plausibility;
  holdings: StressTest_HoldingResponse[];
  holding_count?: number | null;
  hedges?: StressTest_OffsetResult[] | null;
  best_hedge?: StressTest_ShortHedge | null;
  held?: { [name: string]: boolean | null };
  results?: { [name: string]: number };
  share_sold?: number | null;
  ratios_after_the_event?: boolean;
  no_hedges?: string | null;
};

type StressTest_Sensitivity = {
  shock: number;
  beta: number;
  interval: number[] | null;
  deviations: number;
  deviations_of_three: number;
};

type StressTest_Plausibility = {
  distance_squared: number;
  degrees: number;
  tail_under_normality: number | null;
  as_far_out: StressTest_AsFarOut;
};

type StressTest_AsFarOut = {
  count: number;
  rows: number;
  furthest: string[];
};

type StressTest_HoldingResponse = {
  holding: string;
  weight: number;
  response: number | null;
  contribution: number | null;
};

type StressTest_ReverseSection = {
  horizon: number;
  loss: number;
  distance: number;
  tail_under_normality: number | null;
  any_direction_under_normality: number | null;
  deviation: number;
  as_bad: number;
  worst?: string | null;
  observations: number;
  first: string;
  last: string;
  moves: StressTest_ReverseMove[];
  holding_count?: number | null;
  hedges?: StressTest_OffsetResult[] | null;
  best_hedge?: StressTest_ShortHedge | null;
  held?: { [name: string]: boolean | null };
  results?: { [name: string]: number };
  share_sold?: number | null;
  ratios_after_the_event?: boolean;
  no_hedges?: string | null;
};

type StressTest_ReverseMove = {
  holding: string;
  weight: number;
  total_return: number;
  contribution: number;
  deviations: number;
};

type StressTest_Period = {
  from: string;
  to: string | null;
  frequency: StressTest_Frequency;
  periods: number;
};

type StressTest_Frequency = "monthly" | "weekly" | "daily";

type StressTest_Exclusion = {
  ticker: StressTest_Ticker;
  label: string;
  reason: StressTest_ExclusionReason;
  detail: string;
};

type StressTest_ExclusionReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices";

type StressTest_Score = "poor" | "fair" | "good" | "excellent";

type StressTest_Finding = {
  kind: StressTest_FindingKind;
  ticker: StressTest_Ticker;
  date: string;
  until?: string | null;
  before: number;
  price: number;
  factor: number;
};

type StressTest_FindingKind = "spike" | "level" | "split_like" | "unit_jump" | "unconfirmed" | "jump";

type StressTest_EarlyEnd = {
  ticker: StressTest_Ticker;
  month: string;
  date: string;
  last_day: string;
};

type StressTest_Bars = {
  ticker: StressTest_Ticker;
  spacing: StressTest_Spacing;
  placed: boolean;
  dates: StressTest_BarDates;
  assumed: boolean;
};

type StressTest_Spacing = "daily" | "weekly" | "monthly" | "quarterly" | "annual";

type StressTest_BarDates = "own_days" | "first_days" | "later_days" | "months";

type StressTest_YieldFinding = {
  maturity: StressTest_Maturity;
  unit: StressTest_YieldUnit;
  median: number;
  rows: number;
};

type StressTest_Maturity = "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y";

type StressTest_YieldUnit = "decimals" | "basis_points" | "unverified";

type StressTest_OddYields = {
  kind: StressTest_OddKind;
  maturity: StressTest_Maturity;
  since: string;
  until: string;
  before: number;
  value: number;
  with?: "UST3M" | "UST2Y" | "UST5Y" | "UST10Y" | "UST30Y" | null;
};

type StressTest_OddKind = "bad_days" | "unit_change" | "level" | "still" | "swapped" | "apart";

type StressTest_Copies = {
  tickers: StressTest_Ticker[];
  rows: number;
  stretch?: StressTest_Stretch | null;
};

type StressTest_Stretch = {
  from: string;
  to: string;
};

type StressTest_Frozen = {
  ticker: StressTest_Ticker;
  from: string;
  to: string;
  rows: number;
  price: number;
  every?: number | null;
};

type StressTest_Repeated = {
  date: string;
  of: string;
  series: number;
};

type StressTest_Shifted = {
  ticker: StressTest_Ticker;
  rows: number;
  from: string;
  to: string;
  throughout: boolean;
  with: StressTest_Ticker;
  correlation: number;
  on_the_day: number;
};

type StressTest_ExDate = {
  ticker: StressTest_Ticker;
  date: string;
  return: number;
};

type StressTest_Told = {
  kind: "currency" | "converted" | "conflicting_dates" | "frozen";
  ticker: StressTest_Ticker;
  currency?: string;
  left_out?: number;
  date?: string;
  days?: number;
  since?: string;
};

type StressTest_Undefined = {
  section: string;
  row: string[];
  field: string;
  reason: string;
};

type StressTest_DroppedEtf = {
  ticker: StressTest_Ticker;
  kept: StressTest_Ticker;
  correlation: number;
};

type StressTest_StaleCandidate = {
  ticker: StressTest_Ticker;
  reason: StressTest_ExclusionReason;
  consecutive_failures: number;
  detail: string;
};

type StressTest_More = {
  include: string[];
};

/** What `stress_test` answers. */
export type StressTest = StressTest_Framed;

type GroupCheck_ValidatedGroup = {
  status: GroupCheck_Success;
  group_name: string;
  proxy_identifier: string;
  is_valid: boolean;
  validation_metadata: GroupCheck_ValidationMetadata;
  performance?: GroupCheck_Performance | null;
  issues: string[];
  warnings: string[];
};

type GroupCheck_Success = "success";

type GroupCheck_ValidationMetadata = {
  tickers_included: GroupCheck_Ticker[] | null;
  tickers_excluded: GroupCheck_ExcludedMember[];
  final_weights: { [name: string]: number } | null;
  data_points?: number;
  date_range?: string | null;
  members_marked?: { [name: string]: GroupCheck_MemberMark };
  weights_as_of?: string;
  source?: string;
  lookahead?: boolean;
};

type GroupCheck_Ticker = string;

type GroupCheck_ExcludedMember = {
  ticker: GroupCheck_Ticker;
  reason: GroupCheck_ExcludedReason;
  detail: string;
};

type GroupCheck_ExcludedReason = "no_data" | "fetch_failed" | "thin_history" | "bad_ticker" | "unsupported" | "not_prices" | "bad_prices" | "no_market_cap" | "left_out";

type GroupCheck_MemberMark = {
  stopped?: string | null;
  young?: boolean;
  first: string | null;
  observations: number;
  share_of_rows: number | null;
};

type GroupCheck_Performance = {
  annual_return: number | null;
  volatility: number | null;
  sharpe_ratio: number | null;
  return_to_risk?: number | null;
  max_drawdown: number | null;
  drawdown_peak: string | null;
  drawdown_trough: string | null;
  drawdown_recovery: string | null;
  drawdown_months_to_trough: number | null;
  drawdown_months_to_recovery: number | null;
  max_drawdown_daily: number | null;
  drawdown_daily_peak: string | null;
  drawdown_daily_trough: string | null;
  drawdown_daily_recovery: string | null;
  drawdown_daily_months_to_trough: number | null;
  drawdown_daily_months_to_recovery: number | null;
  risk_free_source: string;
};

/** What `validate_factor_group` answers. */
export type GroupCheck = GroupCheck_ValidatedGroup;

export type DataQuality = NonNullable<FactorAnalysis["data_quality"]>;

export type Metadata = NonNullable<FactorAnalysis["analysis_metadata"]>;

export type Profile = NonNullable<NonNullable<FactorAnalysis["per_factor"]>[string]>;

export type RankedFactor = NonNullable<NonNullable<FactorAnalysis["rankings"]>[string]>[number];

export type Recommendation = NonNullable<Recommendations["recommendations"]>[number];
