//! Are the campaign's own attempts for this lead used up?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;

const RULE: &str = "ringfence-campaign-attempts";

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    let campaign = case.facts.campaign.as_ref()?;
    if campaign.attempts >= campaign.attempts_max {
        let detail = format!(
            "{} of {} attempts made",
            campaign.attempts, campaign.attempts_max
        );
        out.deny(ReasonCode::CampaignAttempts, RULE, detail);
    }
    applied(RULE)
}
