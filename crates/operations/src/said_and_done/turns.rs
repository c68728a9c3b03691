//! What the assistant said, as it was spoken: recognition cuts a sentence where the caller says "Mhm" or breaks in.

use call::{Segment, Speaker};

use super::claims;

/// Longest that the caller says meanwhile, in words.
const MEANWHILE: usize = 2;

/// The turns of the assistant, in order; one without an end is read together with what goes on with it.
pub(super) fn turns(transcript: &[Segment]) -> Vec<String> {
    let mut turns: Vec<String> = Vec::new();
    let mut is_open = false;
    for segment in transcript {
        let text = segment.text.as_str();
        if segment.speaker != Speaker::Agent {
            is_open &= text.split_whitespace().count() <= MEANWHILE;
            continue;
        }
        match turns.last_mut().filter(|before| is_open && claims::goes_on(before, text)) {
            Some(before) => {
                before.push(' ');
                before.push_str(text);
            }
            None => turns.push(text.to_owned()),
        }
        is_open = !text.trim_end().ends_with(['.', '!', '?', '…']);
    }
    turns
}
