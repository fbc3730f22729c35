//! The report for people, among other sections.

use super::{schemas, spec::Spec};
use crate::services::analysis::text;

pub(super) const SPEC: Spec = Spec {
    of_the_whole: true,
    by_name_only: true,
    more: |_| false,
    ..Spec::of(
        None,
        230,
        |answer, fields| fields.put("formatted_report", &text::report(answer)),
        |generator| schemas::field::<String>("formatted_report", generator),
    )
};
