macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/retell/", $name))
    };
}

pub(crate) const INBOUND: &str = fixture!("call_inbound.json");
pub(crate) const INBOUND_BARE: &str = fixture!("call_inbound.bare.json");
pub(crate) const STARTED: &str = fixture!("call_started.json");
pub(crate) const ENDED: &str = fixture!("call_ended.json");
pub(crate) const ENDED_WITHOUT_COST: &str = fixture!("call_ended.without_cost.json");
pub(crate) const ENDED_NOT_CONNECTED: &str = fixture!("call_ended.not_connected.json");
pub(crate) const ANALYZED: &str = fixture!("call_analyzed.json");
pub(crate) const ANALYZED_BRIEF: &str = fixture!("call_analyzed.brief.json");
pub(crate) const TRANSCRIPT_UPDATED: &str = fixture!("transcript_updated.json");
pub(crate) const TRANSFER_STARTED: &str = fixture!("transfer_started.json");
pub(crate) const CHAT_STARTED: &str = fixture!("chat_started.json");
pub(crate) const ALERT: &str = fixture!("alert_triggered.json");
pub(crate) const TOOL: &str = fixture!("tool.check_availability.json");
pub(crate) const TOOL_OLDER: &str = fixture!("tool.older_names.json");
pub(crate) const TOOL_FLAT: &str = fixture!("tool.arguments_only.json");
pub(crate) const TOOL_PHP: &str = fixture!("tool.after_php.json");

pub(crate) const ALL: &[&str] = &[
    INBOUND,
    INBOUND_BARE,
    STARTED,
    ENDED,
    ENDED_WITHOUT_COST,
    ENDED_NOT_CONNECTED,
    ANALYZED,
    ANALYZED_BRIEF,
    TRANSCRIPT_UPDATED,
    TRANSFER_STARTED,
    CHAT_STARTED,
    ALERT,
    TOOL,
    TOOL_OLDER,
    TOOL_FLAT,
    TOOL_PHP,
];

pub(crate) const CALL_ID: &str = "call_5d2c7e90b1f34a6688c0d1e2f3a";
