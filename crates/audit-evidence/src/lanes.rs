//! Who commits: callers of one tenant share commits, without a task of their own.
//!
//! Each tenant with callers has a lane. The first caller leads: it takes the work of all who wait,
//! itself included, does it, and tells each what became of theirs. Who comes meanwhile waits; when
//! the leader is done, the first of them leads. Nobody waits for time to pass, and nothing runs but
//! the callers' own futures.
//!
//! A leader that has only its commit before it may open the lane behind it. When those who wait have
//! enough for a commit of their own, which nobody could join any more, the first of them leads at once:
//! it makes everything ready, knowing what the leader ahead of it is about to commit, and commits when
//! that one has. Fewer wait on, because they will share a commit with whoever comes.
//!
//! A future may be dropped at any point. A leader's drop puts the work of the others back in front
//! and passes the lead on; whether its own work was done is then unknown, as with any dropped call.
//! A waiting caller's drop takes its work out of the lane, if no leader has taken it yet.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use store_traits::TenantId;

/// How often a leader gives way at most, however many come.
const MOST_WAYS_GIVEN: usize = 16;

/// The weight of work that is enough for a commit.
pub(crate) const ENOUGH: usize = 1_000_000;

/// The lanes of all tenants that have callers now. `W` is a caller's work, `R` what it is told, `A` what
/// a leader lets the one behind it know.
pub(crate) struct Lanes<W, R, A>(Mutex<BTreeMap<TenantId, Lane<W, R, A>>>);

struct Lane<W, R, A> {
    waiting: VecDeque<Waiting<W, R, A>>,
    /// A lane is there exactly as long as somebody leads it.
    leaders: usize,
    /// What the newest leader says to the one that may lead behind it.
    open: Option<A>,
}

struct Waiting<W, R, A> {
    work: W,
    weight: usize,
    seat: Arc<Seat<R, A>>,
}

/// Where a caller waits.
struct Seat<R, A>(Mutex<State<R, A>>);

enum State<R, A> {
    Waits(Option<Waker>),
    /// With what the leader ahead says, if there is one.
    Leads(Option<A>),
    Told(R),
    /// The caller is gone, or has been told.
    Left,
}

/// What a caller's waiting ended with.
pub(crate) enum Turn<'l, W, R, A> {
    /// It leads.
    Lead(Lead<'l, W, R, A>),
    /// Another caller did its work.
    Told(R),
}

/// A lock that was held by a panicking thread holds what it held: each change below is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W, R, A> Lanes<W, R, A> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Brings work into a tenant's lane, and waits for the lead or for somebody else's leading. `weight`
    /// is what part of [`ENOUGH`] the work is.
    pub(crate) async fn turn(
        &self,
        tenant: &TenantId,
        work: W,
        weight: usize,
    ) -> Turn<'_, W, R, A> {
        let mut place = self.join(tenant, work, weight);
        poll_fn(|context| place.poll(context)).await
    }

    fn join(&self, tenant: &TenantId, work: W, weight: usize) -> Place<'_, W, R, A> {
        let mut lanes = locked(&self.0);
        let (first, lane) = match lanes.get_mut(tenant) {
            Some(lane) => (State::Waits(None), lane),
            None => (State::Leads(None), lanes.entry(tenant.clone()).or_insert_with(Lane::led)),
        };
        let seat = Arc::new(Seat(Mutex::new(first)));
        lane.waiting.push_back(Waiting { work, weight, seat: Arc::clone(&seat) });
        let waker = lane.lead_behind();
        drop(lanes);
        if let Some(waker) = waker {
            waker.wake();
        }
        Place { lanes: self, tenant: tenant.clone(), seat, armed: true }
    }

    /// Gives the lead to the first who waits; without one the lane ends. Returns whom to wake.
    fn pass_on(lanes: &mut BTreeMap<TenantId, Lane<W, R, A>>, tenant: &TenantId) -> Option<Waker> {
        let lane = lanes.get_mut(tenant)?;
        lane.leaders = lane.leaders.saturating_sub(1);
        if lane.leaders > 0 {
            // Another leader has work of its own, and passes the lead on.
            return None;
        }
        lane.open = None;
        if lane.waiting.is_empty() {
            lanes.remove(tenant);
            return None;
        }
        lane.lead(None)
    }
}

impl<W, R, A> Lane<W, R, A> {
    fn led() -> Self {
        Self { waiting: VecDeque::new(), leaders: 1, open: None }
    }

    /// The first who waits leads behind the newest leader, if the lane is open and enough waits.
    fn lead_behind(&mut self) -> Option<Waker> {
        self.open.as_ref()?;
        let weight =
            self.waiting.iter().fold(0, |sum: usize, next| sum.saturating_add(next.weight));
        if weight < ENOUGH {
            return None;
        }
        let ahead = self.open.take();
        self.lead(ahead)
    }

    fn lead(&mut self, ahead: Option<A>) -> Option<Waker> {
        let first = self.waiting.front()?;
        self.leaders += 1;
        first.seat.set(State::Leads(ahead))
    }
}

impl<R, A> Seat<R, A> {
    /// Changes the state of a caller that is still there. Returns the waker, to be used without any
    /// lock held: a waker may run foreign code.
    fn set(&self, next: State<R, A>) -> Option<Waker> {
        let mut state = locked(&self.0);
        match std::mem::replace(&mut *state, next) {
            State::Waits(waker) => waker,
            State::Left => {
                *state = State::Left;
                None
            }
            State::Leads(_) | State::Told(_) => None,
        }
    }

    fn has_left(&self) -> bool {
        matches!(*locked(&self.0), State::Left)
    }
}

/// Lets others run that are ready to.
pub(crate) async fn give_way() {
    let mut gave = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A caller's place in its lane, until it leads or is told.
struct Place<'l, W, R, A> {
    lanes: &'l Lanes<W, R, A>,
    tenant: TenantId,
    seat: Arc<Seat<R, A>>,
    armed: bool,
}

impl<'l, W, R, A> Place<'l, W, R, A> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Turn<'l, W, R, A>> {
        let mut state = locked(&self.seat.0);
        match std::mem::replace(&mut *state, State::Left) {
            State::Told(told) => {
                self.armed = false;
                Poll::Ready(Turn::Told(told))
            }
            State::Leads(ahead) => {
                *state = State::Leads(None);
                drop(state);
                self.armed = false;
                let (tenant, seat) = (self.tenant.clone(), Arc::clone(&self.seat));
                let lead = Lead { lanes: self.lanes, tenant, seat, ahead, group: Vec::new() };
                Poll::Ready(Turn::Lead(lead))
            }
            State::Waits(_) | State::Left => {
                *state = State::Waits(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<W, R, A> Drop for Place<'_, W, R, A> {
    fn drop(&mut self) {
        if self.armed {
            leave(self.lanes, &self.tenant, &self.seat, Vec::new());
        }
    }
}

/// The lead of a tenant's lane. Dropping it passes the lead on, with the work that is not done.
pub(crate) struct Lead<'l, W, R, A> {
    lanes: &'l Lanes<W, R, A>,
    tenant: TenantId,
    seat: Arc<Seat<R, A>>,
    ahead: Option<A>,
    group: Vec<Waiting<W, R, A>>,
}

/// The lane behind a leader.
pub(crate) struct Behind<'l, W, R, A> {
    lanes: &'l Lanes<W, R, A>,
    tenant: TenantId,
}

impl<W, R, A> Behind<'_, W, R, A> {
    /// Lets another one lead behind, when enough waits; it is given `ahead`.
    pub(crate) fn open(self, ahead: A) {
        let mut lanes = locked(&self.lanes.0);
        let lane = lanes.get_mut(&self.tenant);
        let waker = lane.and_then(|lane| {
            lane.open = Some(ahead);
            lane.lead_behind()
        });
        drop(lanes);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<'l, W, R, A> Lead<'l, W, R, A> {
    /// What the leader ahead said, if there is one.
    pub(crate) fn ahead(&mut self) -> Option<A> {
        self.ahead.take()
    }

    /// The lane behind this leader.
    pub(crate) fn behind(&self) -> Behind<'l, W, R, A> {
        Behind { lanes: self.lanes, tenant: self.tenant.clone() }
    }

    /// Gives way before taking, as long as others come meanwhile: callers whose commit has just
    /// returned are ready to run, and what they bring next should share this commit. Without it
    /// leaders would by turns commit for all and for themselves alone. It waits for nothing: when
    /// nobody came while the others could run, it goes on.
    pub(crate) async fn give_way(&self) {
        for _ in 0..MOST_WAYS_GIVEN {
            let before = self.waiting();
            give_way().await;
            if self.waiting() == before {
                break;
            }
        }
    }

    fn waiting(&self) -> usize {
        locked(&self.lanes.0).get(&self.tenant).map_or(0, |lane| lane.waiting.len())
    }

    /// Takes the work of those who wait, from the first (the leader's own) on, as long as `fits`
    /// says that one more fits. The first is taken in any case.
    pub(crate) fn take(&mut self, mut fits: impl FnMut(&W) -> bool) {
        let mut lanes = locked(&self.lanes.0);
        let Some(lane) = lanes.get_mut(&self.tenant) else { return };
        // Work that a dropped leader put back may stand before it.
        let own = lane.waiting.iter().position(|waiting| Arc::ptr_eq(&waiting.seat, &self.seat));
        let own = own.and_then(|at| lane.waiting.remove(at));
        if let Some(own) = own {
            lane.waiting.push_front(own);
        }
        while let Some(first) = lane.waiting.front() {
            let fits = fits(&first.work);
            if !fits && !self.group.is_empty() {
                break;
            }
            self.group.extend(lane.waiting.pop_front());
        }
    }

    /// The work that was taken, in the order in which it came.
    pub(crate) fn work(&mut self) -> Vec<&mut W> {
        self.group.iter_mut().map(|waiting| &mut waiting.work).collect()
    }

    /// Tells each caller of the group what became of its work, and gives back the leader's own. The
    /// results are in the order of the work.
    pub(crate) fn tell(mut self, results: impl IntoIterator<Item = R>) -> Option<R> {
        let mut own = None;
        let mut wakers = Vec::new();
        for (waiting, result) in self.group.drain(..).zip(results) {
            if Arc::ptr_eq(&waiting.seat, &self.seat) {
                own = Some(result);
            } else {
                wakers.extend(waiting.seat.set(State::Told(result)));
            }
        }
        drop(self);
        wakers.into_iter().for_each(Waker::wake);
        own
    }
}

impl<W, R, A> Drop for Lead<'_, W, R, A> {
    fn drop(&mut self) {
        leave(self.lanes, &self.tenant, &self.seat, std::mem::take(&mut self.group));
    }
}

/// A caller leaves its lane: as a leader with the group that it took, or while it waits.
fn leave<W, R, A>(
    lanes: &Lanes<W, R, A>,
    tenant: &TenantId,
    seat: &Arc<Seat<R, A>>,
    undone: Vec<Waiting<W, R, A>>,
) {
    let mut lanes = locked(&lanes.0);
    let was = std::mem::replace(&mut *locked(&seat.0), State::Left);
    let mut dropped = VecDeque::new();
    if let Some(Lane { waiting: lane, .. }) = lanes.get_mut(tenant) {
        for waiting in undone.into_iter().rev() {
            lane.push_front(waiting);
        }
        // The leaver's own work goes, and that of callers that left while it was taken: nobody
        // would lead for them. Work is dropped without the lock held.
        if lane.iter().any(|waiting| waiting.seat.has_left()) {
            (dropped, *lane) =
                std::mem::take(lane).into_iter().partition(|waiting| waiting.seat.has_left());
        }
    }
    let waker = match was {
        State::Leads(_) => Lanes::pass_on(&mut lanes, tenant),
        State::Waits(_) | State::Told(_) | State::Left => None,
    };
    drop(lanes);
    drop(dropped);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;

    use super::*;

    type TestLanes = Lanes<u32, u32, &'static str>;

    fn tenant() -> TenantId {
        TenantId::parse("acme").unwrap()
    }

    fn count(lanes: &TestLanes) -> usize {
        locked(&lanes.0).len()
    }

    #[test]
    fn a_lane_lasts_as_long_as_its_callers() {
        let (lanes, name) = (TestLanes::new(), tenant());
        let mut context = Context::from_waker(Waker::noop());
        let mut first = pin!(lanes.turn(&name, 1, 1));
        let Poll::Ready(Turn::Lead(mut lead)) = first.as_mut().poll(&mut context) else {
            panic!("the first caller leads");
        };
        let mut second = pin!(lanes.turn(&name, 2, 1));
        assert!(second.as_mut().poll(&mut context).is_pending());
        let mut third = pin!(lanes.turn(&name, 3, 1));
        assert!(third.as_mut().poll(&mut context).is_pending());
        lead.take(|work| *work < 3);
        assert_eq!(lead.work(), [&1, &2]);
        assert_eq!(lead.tell([10, 20]), Some(10));
        let Poll::Ready(Turn::Told(told)) = second.as_mut().poll(&mut context) else {
            panic!("the second caller is told");
        };
        assert_eq!((told, count(&lanes)), (20, 1));
        let Poll::Ready(Turn::Lead(mut lead)) = third.as_mut().poll(&mut context) else {
            panic!("the third caller leads");
        };
        lead.take(|_| true);
        assert_eq!((lead.tell([30]), count(&lanes)), (Some(30), 0));
    }

    #[test]
    fn dropped_callers_leave_no_lane_behind() {
        let (lanes, name) = (TestLanes::new(), tenant());
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(lanes.turn(&name, 1, 1));
        let Poll::Ready(Turn::Lead(mut lead)) = first.as_mut().poll(&mut context) else {
            panic!("the first caller leads");
        };
        let mut others: Vec<_> = (2..5).map(|work| Box::pin(lanes.turn(&name, work, 1))).collect();
        assert!(others.iter_mut().all(|other| other.as_mut().poll(&mut context).is_pending()));
        lead.take(|work| *work < 4);
        drop(others.remove(1));
        // The leader goes in the middle of its work: the one whose work it had, and who is still
        // there, leads now, and then goes as well.
        drop(lead);
        drop(others.remove(0));
        let Poll::Ready(Turn::Lead(mut lead)) = others[0].as_mut().poll(&mut context) else {
            panic!("the last caller leads");
        };
        lead.take(|_| true);
        assert_eq!(lead.work(), [&4]);
        drop(lead);
        assert_eq!(count(&lanes), 0);
    }

    #[test]
    fn a_lock_that_was_held_in_a_panic_is_taken_all_the_same() {
        let (lanes, name) = (TestLanes::new(), tenant());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = locked(&lanes.0);
            panic!("with the lock held");
        }));
        assert!(panicked.is_err());
        let mut context = Context::from_waker(Waker::noop());
        let first = pin!(lanes.turn(&name, 1, 1)).poll(&mut context);
        assert!(matches!(first, Poll::Ready(Turn::Lead(_))));
    }
}
