//! The names that reports of a portfolio use for what `answer::markdown` has.

pub(crate) use crate::answer::markdown::{
    decimal as places, in_words as decimal, in_words_or_dash as cell, list, percent, titled_table as table, weights,
};
