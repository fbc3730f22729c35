//! What a row of the table of settings says, and the macro that makes types and reading of it.

/// One thing that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable.
    pub variable: &'static str,
    /// Its value where nothing is set.
    pub preset: Preset,
    /// True for a file or folder: in `factor-mcp.toml` it is relative to that file.
    pub is_path: bool,
    /// True for what is never shown.
    pub is_secret: bool,
    /// What documentation says of the default, where that is not its text.
    pub preset_in_words: Option<&'static str>,
    /// What it is, for documentation.
    pub doc: &'static str,
}

/// A setting's value where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// There is none.
    Nothing,
    /// This text, read as if it were written.
    Value(&'static str),
    /// The user's folder for this program's data, by the custom of the system.
    UserDataFolder,
}

impl Setting {
    /// A setting without a default.
    pub(super) const fn new(variable: &'static str) -> Self {
        let preset = Preset::Nothing;
        Self { variable, preset, is_path: false, is_secret: false, preset_in_words: None, doc: "" }
    }

    pub(super) const fn preset(self, value: &'static str) -> Self {
        Self { preset: Preset::Value(value), ..self }
    }

    pub(super) const fn user_data_folder(self) -> Self {
        Self { preset: Preset::UserDataFolder, is_path: true, ..self }
    }

    pub(super) const fn path(self) -> Self {
        Self { is_path: true, ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(super) const fn in_words(self, preset: &'static str) -> Self {
        Self { preset_in_words: Some(preset), ..self }
    }

    pub(super) const fn doc(self, doc: &'static str) -> Self {
        Self { doc: doc.trim_ascii(), ..self }
    }

    /// The key in `factor-mcp.toml`: `price_source` for `FACTOR_PRICE_SOURCE`, `log` for `RUST_LOG`.
    pub fn key(&self) -> String {
        match self.variable {
            "RUST_LOG" => "log".to_owned(),
            variable => variable.trim_start_matches("FACTOR_").to_ascii_lowercase(),
        }
    }
}

/// Declares the settings, group by group. Of each row
///
/// ```text
/// /// Seconds for a call.
/// deadline: Duration = Setting::new("FACTOR_CALL_DEADLINE").preset("50"), seconds(1..=3_600);
/// ```
///
/// come a field of the group's struct, its entry in `SETTINGS` and its reading; the doc comment is the documentation of
/// all of them. A group may name a function that checks its settings together.
macro_rules! settings {
    ($(
        $(#[doc = $group_doc:literal])+
        $group:ident: $Group:ident $(checked by $check:path)? {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty = $setting:expr, $rule:expr;
            )+
        }
    )+) => {
        /// Everything that can be set.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $(
                $(#[doc = $group_doc])+
                pub $group: $Group,
            )+
            /// Whether the tables of the store may be brought to this version; `--no-migrate` forbids it.
            pub migrate: bool,
            /// The clock of an answer that is given again; `None` for the settings' own.
            pub replayed: Option<factor_analytics::panel::Clock>,
            pub(super) effective: Vec<super::Effective>,
        }

        /// Every setting, in the order in which they are shown.
        pub const SETTINGS: &[Setting] = &[$($($setting.doc(concat!($($doc),+)),)+)+];

        impl Settings {
            /// The settings, or none when one of them is wrong.
            pub(super) fn read(values: &mut super::values::Values<'_>) -> Option<Self> {
                // All are read before any is unwrapped, so that every problem is found.
                $(let $group = $Group::read(values);)+
                Some(Self { $($group: $group?,)+ migrate: true, replayed: None, effective: Vec::new() })
            }
        }

        $(
            $(#[doc = $group_doc])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Group {
                $(
                    $(#[doc = $doc])+
                    pub $field: $type,
                )+
            }

            impl $Group {
                fn read(values: &mut super::values::Values<'_>) -> Option<Self> {
                    $(let $field = values.read(&$setting, $rule);)+
                    let group = Self { $($field: $field?,)+ };
                    $($check(&group, values);)?
                    Some(group)
                }
            }
        )+
    };
}

pub(super) use settings;
