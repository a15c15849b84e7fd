//! Answers without a body: what a HEAD of a bucket leaves open, the question that follows must tell.

use kfctl_cn::model::{Error, ErrorClass, Region};

use super::sweep::Way;
use super::{Fault, Rule};
use crate::world::{Aws, World};

/// Both questions meet the fault, as they do when credentials or clock are wrong.
fn both(fault: Fault) -> Vec<Rule> {
    ["s3:HEAD", "s3:GET list-type"].map(|call| Rule { call: call.into(), fault, skip: 0, times: 9 }).into()
}

async fn ends(way: Way, world: &World, fault: Fault) -> Error {
    world.proxy.faults.set(both(fault));
    let error = way.run(world).await.expect_err("the run can't go on");
    world.proxy.faults.set(Vec::new());
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_credentials_and_a_wrong_clock_at_a_head_end_a_run_as_such() {
    let aws = Aws::empty().await;
    for (way, region) in [(Way::Up, Region::CnNorth1), (Way::Down, Region::CnNorthwest1)] {
        let world = way.begin(&aws, region).await;
        for (fault, code, hint) in
            [(Fault::Expired, "ExpiredToken", "AWS_PROFILE"), (Fault::Skewed, "RequestTimeTooSkewed", "clock")]
        {
            let error = ends(way, &world, fault).await;
            assert_eq!(error.class, ErrorClass::Credentials, "{way:?} {fault:?}: {error:?}");
            assert!(format!("{error:?}").contains(code), "{error:?}");
            assert!(error.hints.iter().any(|h| h.contains(hint)), "{:?}", error.hints);
        }
        let result = way.comes_through(&world, Vec::new()).await;
        assert_eq!(result, Ok(()), "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_ones_own_that_may_not_be_listed_is_not_taken_for_that_of_others() {
    let aws = Aws::empty().await;
    let world = Way::Down.begin(&aws, Region::CnNorth1).await;
    world.proxy.faults.set(both(Fault::Denied));
    let error = world.engine().plan().await.map(|_| ()).expect_err("nobody knows what the bucket is like");
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.hints.iter().any(|h| h.contains("allow `s3:ListBucket`")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_seen_late_is_no_reason_to_stop() {
    let aws = Aws::empty().await;
    let world = Way::Up.begin(&aws, Region::CnNorth1).await;
    // The bucket is made, the run is killed, and the next one doesn't see it yet.
    let made = Rule { call: "s3:PUT".into(), fault: Fault::CutAfter, skip: 0, times: 1 };
    let late = Rule { call: "s3:HEAD".into(), fault: Fault::NotVisible, skip: 1, times: 3 };
    assert_eq!(Way::Up.comes_through(&world, vec![made, late]).await, Ok(()));
    assert!(world.proxy.faults.take_fired().len() == 2);
}
