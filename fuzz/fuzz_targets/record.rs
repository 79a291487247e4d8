//! No bytes make the record reader panic, and what it reads does not depend on the layout of the JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use trailtrim::cloudtrail::{mend, parse_record};

fuzz_target!(|record: &[u8]| {
    let read = parse_record(record);
    if let Some(mended) = mend(record) {
        let mended_read = parse_record(&mended);
        assert!(read.is_err() || mended_read.is_ok(), "mending breaks a record");
    }
    let (Ok(event), Ok(value)) = (read, serde_json::from_slice::<Value>(record)) else { return };
    let pretty = serde_json::to_vec_pretty(&value).expect("JSON prints");
    let again = parse_record(&pretty).expect("the layout does not count");
    assert_eq!(event.outcome, again.outcome);
    assert_eq!(event.caller.principal, again.caller.principal);
    assert_eq!((event.time, &event.source, &event.name), (again.time, &again.source, &again.name));
});
