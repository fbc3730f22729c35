//! What the arguments of prompts and resources may be completed to.

use factor_types::Category;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};

use super::{Completed, find};
use crate::{
    app::App,
    mcp::{catalog::Catalog, resources},
};

/// What an argument may be completed to. An unknown prompt or resource has no completions, which is no error.
pub(in crate::mcp) async fn complete(app: &App, catalog: &Catalog, request: &CompleteRequestParams) -> CompleteResult {
    let (argument, typed) = (request.argument.name.as_str(), request.argument.value.as_str());
    let found = match &request.r#ref {
        Reference::Prompt(prompt) => match completed(&prompt.name, argument) {
            Completed::No => Vec::new(),
            Completed::Categories => categories(typed),
            Completed::Factors => {
                let snapshot = app.universe_watcher.current().await;
                let factors = snapshot.loaded.universe.factors();
                matching(factors.iter().map(|factor| (factor.ticker.as_str(), factor.label.as_str())), typed.trim())
            }
        },
        Reference::Resource(resource) if resource.uri == resources::SCHEMA_TEMPLATE && argument == "tool" => {
            matching(catalog.tools().map(|tool| (tool.name.as_ref(), "")), typed.trim())
        }
        _ => Vec::new(),
    };
    let total = u32::try_from(found.len()).ok();
    // The protocol allows 100.
    let more = found.len() > CompletionInfo::MAX_VALUES;
    let shown = found.into_iter().take(CompletionInfo::MAX_VALUES).collect();
    CompleteResult::new(CompletionInfo::with_pagination(shown, total, more).unwrap_or_default())
}

fn completed(prompt: &str, argument: &str) -> Completed {
    let arguments = find(prompt).map_or(&[][..], |entry| entry.arguments);
    arguments.iter().find(|known| known.name == argument).map_or(Completed::No, |known| known.completed)
}

/// A list is completed at its last name.
fn categories(typed: &str) -> Vec<String> {
    let (done, last) = typed.rfind(',').map_or(("", typed), |at| typed.split_at(at + 1));
    let gap = if done.is_empty() { "" } else { " " };
    let names = matching(Category::NAMES.into_iter().map(|name| (name, "")), last.trim());
    names.into_iter().map(|name| format!("{done}{gap}{name}")).collect()
}

/// The names that start with what was typed, then those that hold it, also in their label.
fn matching<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (name, label) in names {
        let lower = name.to_lowercase();
        if lower.starts_with(&typed) {
            first.push(name.to_owned());
        } else if lower.contains(&typed) || label.to_lowercase().contains(&typed) {
            then.push(name.to_owned());
        }
    }
    first.extend(then);
    first
}

#[cfg(test)]
mod tests {
    use rmcp::model::ArgumentInfo;

    use super::*;
    use crate::{
        mcp::{catalog::ToolFilter, tools::TOOLS},
        settings::Settings,
    };

    #[test]
    fn names_that_begin_so_come_before_those_that_hold_it() {
        let names = [("SPY", "Broad market"), ("XLK", "Technology"), ("KXI", "Staples"), ("MTUM", "XL momentum")];
        assert_eq!(matching(names.into_iter(), "x"), ["XLK", "KXI", "MTUM"]);
        assert_eq!(matching(names.into_iter(), "techno"), ["XLK"]);
        assert_eq!(matching(names.into_iter(), "").len(), 4);
    }

    #[test]
    fn a_list_keeps_what_is_done() {
        assert_eq!(categories("sty"), ["style"]);
        let all = ["industry, cash", "industry, commodity", "industry, crypto", "industry, custom"];
        assert_eq!(categories("industry,c")[..4], all);
    }

    #[test]
    fn an_argument_is_completed_where_its_prompt_has_it() {
        assert_eq!(completed("factor_check_up", "benchmark_ticker"), Completed::Factors);
        assert_eq!(completed("hedge_my_portfolio", "categories"), Completed::Categories);
        assert_eq!(completed("hedge_my_portfolio", "portfolio_name"), Completed::No);
        assert_eq!(completed("what_moved_this_month", "benchmark_ticker"), Completed::No);
        assert_eq!(completed("nothing", "categories"), Completed::No);
    }

    /// The values an argument is completed to, and how many there are in all.
    async fn completions(reference: Reference, argument: &str, typed: &str) -> (Vec<String>, Option<u32>) {
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        let hidden = ToolFilter { exclude: vec!["list_portfolios".to_owned()], ..ToolFilter::default() };
        let catalog = Catalog::new(TOOLS, &hidden).unwrap();
        let request = CompleteRequestParams::new(reference, ArgumentInfo::new(argument, typed));
        let found = complete(&app, &catalog, &request).await.completion;
        (found.values, found.total)
    }

    #[tokio::test]
    async fn a_factor_is_completed_out_of_the_universe_in_force() {
        let hedge = || Reference::for_prompt("hedge_my_portfolio");
        let (found, total) = completions(hedge(), "overexposed_factor", " spy ").await;
        assert_eq!((found[0].as_str(), total), ("SPY", u32::try_from(found.len()).ok()));
        let (all, total) = completions(hedge(), "overexposed_factor", "").await;
        let most = usize::try_from(total.unwrap()).unwrap().min(100);
        assert!(most > 50 && all.len() == most, "{} of {total:?}", all.len());
        assert_eq!(completions(hedge(), "overexposed_factor", "no such thing").await, (vec![], Some(0)));
        assert_eq!(completions(hedge(), "portfolio_name", "").await, (vec![], Some(0)), "a user's own");
    }

    #[tokio::test]
    async fn a_schemas_address_is_completed_to_the_tools_on_offer() {
        let schema = || Reference::for_resource("factor://schema/{tool}");
        let (found, _) = completions(schema(), "tool", "list_").await;
        assert_eq!(found, ["list_factor_groups", "list_factors"]);
        assert_eq!(completions(schema(), "id", "list_").await.0, [""; 0]);
        assert_eq!(completions(Reference::for_resource("factor://result/{id}"), "tool", "list_").await.0, [""; 0]);
    }
}
