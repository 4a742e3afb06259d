//! Legal holds: while one is in force, nothing of the tenant is erased.
//!
//! Somebody else decides that there is one; the log records that it was placed and released, and by whom,
//! and erases nothing in between. A name is used once, so that what was held when can be read back.

use audit_evidence::{Outcome, recorded_fact_at};
use store_traits::{
    Actor, AuditFilter, Draft, FactKind, Identity, ListRequest, MOST_ITEMS, Object, Origin,
    RecordedFact, TenantId, Timestamp,
};

use crate::own_facts::{is_own, own_meta, said, unrecorded};
use crate::{DomainError, LogsDomain};

/// `body.record` of these facts.
const RECORD: &str = "hold";
/// The longest name, in characters.
const MOST_NAME: usize = 128;

/// A legal hold that is to be placed or released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOrder {
    /// Its name: a matter, a case number; 1 to 128 characters.
    pub name: String,
    /// Why, in 1 to 1,000 characters.
    pub reason: String,
    /// Who says so, if a person does: a subject id.
    pub by: Option<String>,
}

/// A legal hold as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub name: String,
    /// That it was placed.
    pub placed: HoldFact,
    /// That it was released; it is in force where nothing says so.
    pub released: Option<HoldFact>,
}

/// What an entry says of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldFact {
    /// The entry.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

/// A hold after it was placed or released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldChange {
    /// The hold.
    pub hold: Hold,
    /// Whether that is new; the same may have been recorded before.
    pub recorded: bool,
}

/// What happens to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Placed,
    Released,
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "hold_placed",
            Self::Released => "hold_released",
        }
    }
}

impl LogsDomain {
    /// Places a legal hold.
    ///
    /// # Errors
    /// The name was used before, it or the reason is empty or too long, or the store failed.
    pub async fn place_hold(
        &self,
        tenant: &TenantId,
        order: &HoldOrder,
    ) -> Result<HoldChange, DomainError> {
        if *tenant == Self::root_log()? {
            return Err(DomainError::Reserved(tenant.clone()));
        }
        if let Some(Hold { released: Some(released), .. }) = self.hold(tenant, &order.name).await? {
            return Err(DomainError::Hold(format!(
                "`{}` was released at {} (entry {}); a name is used once, take another",
                order.name, released.at, released.seq
            )));
        }
        self.record_hold(tenant, order, Event::Placed).await
    }

    /// Releases a legal hold: what it kept may be erased again, where no other one keeps it.
    ///
    /// # Errors
    /// There is no such hold, it was released before for another reason, the reason is empty or too long,
    /// or the store failed.
    pub async fn release_hold(
        &self,
        tenant: &TenantId,
        order: &HoldOrder,
    ) -> Result<HoldChange, DomainError> {
        if self.hold(tenant, &order.name).await?.is_none() {
            return Err(DomainError::Hold(format!(
                "tenant `{tenant}` has no hold `{}` (see `factlog hold list`)",
                order.name
            )));
        }
        self.record_hold(tenant, order, Event::Released).await
    }

    /// All holds of a tenant, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn holds(&self, tenant: &TenantId) -> Result<Vec<Hold>, DomainError> {
        let of_holds = || AuditFilter {
            kind: Some(FactKind::AuditHold.as_str().to_owned()),
            ..AuditFilter::default()
        };
        let (mut holds, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = ListRequest::new(tenant, of_holds(), MOST_ITEMS.into(), cursor.as_deref())?;
            let page = self.logs().audit(&asked).await?.value;
            for record in &page.items {
                let fact = recorded_fact_at(self.ledger.as_ref(), tenant, record.seq).await?;
                let name = fact.filter(is_placed).as_ref().and_then(name_of);
                if let Some(name) = name
                    && let Some(hold) = self.hold(tenant, &name).await?
                {
                    holds.push(hold);
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(holds);
            }
        }
    }

    /// The names of the holds that are in force.
    pub(crate) async fn holds_in_force(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<String>, DomainError> {
        let holds = self.holds(tenant).await?.into_iter();
        Ok(holds.filter(|hold| hold.released.is_none()).map(|hold| hold.name).collect())
    }

    async fn hold(&self, tenant: &TenantId, name: &str) -> Result<Option<Hold>, DomainError> {
        // Where nothing was recorded there is no secret either, and a reader makes none.
        if self.ledger.head(tenant).await?.size == 0 {
            return Ok(None);
        }
        let Some(placed) = self.hold_fact(tenant, name, Event::Placed).await? else {
            return Ok(None);
        };
        let released = self.hold_fact(tenant, name, Event::Released).await?;
        Ok(Some(Hold { name: name.to_owned(), placed, released }))
    }

    async fn hold_fact(
        &self,
        tenant: &TenantId,
        name: &str,
        event: Event,
    ) -> Result<Option<HoldFact>, DomainError> {
        let key = self.own_key(tenant, &FactKind::AuditHold, &about(event, name)).await?;
        let fact = self.own_fact(tenant, &key).await?;
        Ok(fact.filter(|fact| is_own(fact, &FactKind::AuditHold, RECORD)).map(|fact| HoldFact {
            seq: fact.seq,
            at: fact.recorded_at,
            reason: said(&fact, "reason").unwrap_or_default().to_owned(),
            by: by(&fact),
        }))
    }

    async fn record_hold(
        &self,
        tenant: &TenantId,
        order: &HoldOrder,
        event: Event,
    ) -> Result<HoldChange, DomainError> {
        let refuse = |why: String| Err(DomainError::Hold(why));
        let HoldOrder { name, reason, by } = order;
        let fits = (1..=MOST_NAME).contains(&name.chars().count());
        if !fits || name.trim() != name || name.chars().any(char::is_control) {
            return refuse(format!(
                "a name has 1 to {MOST_NAME} characters, none of control, and no space around it"
            ));
        }
        let reason = self.own_words("reason", reason).map_err(DomainError::Hold)?;
        let mut meta = own_meta(RECORD, self.clock.now());
        if let Some(by) = by {
            (meta.actor, meta.origin) = (self.person(by)?, Origin::Human);
        }
        let body = Object::from([
            ("record", RECORD.into()),
            ("event", event.as_str().into()),
            ("hold", name.as_str().into()),
            ("reason", reason.as_str().into()),
            // Beside a view the time is no part of what the fact is: said again later it is the same fact.
            ("view", Object::from([("event", event.as_str().into())]).into()),
        ]);
        let key = self.own_key(tenant, &FactKind::AuditHold, &about(event, name)).await?;
        let draft = Draft {
            kind: FactKind::AuditHold,
            meta,
            body,
            committed: Vec::new(),
            identity: Identity::Key(key),
        };
        let outcome = self.record_own(tenant, draft).await?;
        let Some(hold) = self.hold(tenant, name).await? else {
            return refuse(unrecorded(&outcome));
        };
        match outcome {
            Outcome::Recorded { .. } => Ok(HoldChange { hold, recorded: true }),
            Outcome::Duplicate { .. } => Ok(HoldChange { hold, recorded: false }),
            Outcome::Conflict { seq, .. } => refuse(format!(
                "`{name}` was {} before, with another reason or by somebody else (entry {seq})",
                match event {
                    Event::Placed => "placed",
                    Event::Released => "released",
                }
            )),
            rejected @ Outcome::Rejected { .. } => refuse(unrecorded(&rejected)),
        }
    }

    /// A person who says something of the record.
    pub(crate) fn person(&self, subject: &str) -> Result<Actor, DomainError> {
        let fits = (1..=256).contains(&subject.chars().count());
        if !fits || subject.chars().any(char::is_control) {
            let why = "a person's subject id has 1 to 256 characters, none of control";
            return Err(DomainError::Request(why.to_owned()));
        }
        Ok(Actor::Human { subject: subject.to_owned() })
    }
}

fn about(event: Event, name: &str) -> String {
    format!("{}:{name}", event.as_str())
}

fn is_placed(fact: &RecordedFact) -> bool {
    is_own(fact, &FactKind::AuditHold, RECORD)
        && said(fact, "event") == Some(Event::Placed.as_str())
}

fn name_of(fact: &RecordedFact) -> Option<String> {
    said(fact, "hold").map(str::to_owned)
}

fn by(fact: &RecordedFact) -> String {
    let names = ["subject", "name", "component"];
    let text = |name: &&str| fact.fact.at(&["meta", "actor", name])?.as_str().map(str::to_owned);
    names.iter().find_map(text).unwrap_or_default()
}
