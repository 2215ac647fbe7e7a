//! Are the campaign's own attempts for this lead used up?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-campaign-attempts";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let campaign = case.facts.campaign.as_ref()?;
    if campaign.attempts >= campaign.attempts_max {
        out.deny(ReasonCode::CampaignAttempts, RULE, || {
            format!(
                "{} of {} attempts made",
                campaign.attempts, campaign.attempts_max
            )
        });
    }
    Some(RULE)
}
