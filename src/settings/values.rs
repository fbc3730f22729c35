//! The values in force as they were written, read by their rules; every wrong one is remembered, not just the first.

use super::{DEFAULT, Effective, SETTINGS, Setting, rules::Rule};

pub(super) struct Values<'a> {
    effective: &'a [Effective],
    problems: &'a mut Vec<String>,
}

impl<'a> Values<'a> {
    pub(super) fn new(effective: &'a [Effective], problems: &'a mut Vec<String>) -> Self {
        Self { effective, problems }
    }

    /// A value as written, without the space around it.
    pub(super) fn text(&self, variable: &str) -> Option<&'a str> {
        self.get(variable)?.value.as_deref().map(str::trim)
    }

    /// Whether somebody wrote a value.
    pub(super) fn is_written(&self, variable: &str) -> bool {
        self.get(variable).is_some_and(|setting| setting.origin != DEFAULT)
    }

    /// A value by its rule; `None` when it breaks it, which is then a problem.
    pub(super) fn read<T>(&mut self, setting: &Setting, rule: Rule<T>) -> Option<T> {
        let Some(text) = self.text(setting.variable) else { return rule.absent };
        let value = (rule.read)(text);
        if value.is_none() {
            self.refuse(setting.variable, &rule.allowed);
        }
        value
    }

    /// A value that is not allowed, with what is.
    pub(super) fn refuse(&mut self, variable: &str, allowed: &str) {
        let Some(setting) = self.get(variable) else { return };
        let is_secret = SETTINGS.iter().any(|known| known.variable == variable && known.is_secret);
        let value = setting.value.as_deref().filter(|_| !is_secret).unwrap_or("***");
        self.problems.push(format!("{variable} is `{value}` (from {}): {allowed}", setting.origin));
    }

    /// A problem that is more than one value's.
    pub(super) fn problem(&mut self, problem: &str) {
        self.problems.push(problem.to_owned());
    }

    fn get(&self, variable: &str) -> Option<&'a Effective> {
        self.effective.iter().find(|setting| setting.name == variable && setting.value.is_some())
    }
}
