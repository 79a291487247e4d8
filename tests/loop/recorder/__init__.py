"""A proxy between AWS clients and a server that speaks AWS's APIs, which writes down each call as AWS CloudTrail would.

For tests only. The way of a call: `proxy` hands the request on and the answer back; `call` reads the request into
operation and parameters (`shapes`, `ec2`, `rest` and `s3` for one protocol each); `answer` reads what came back;
`record` puts both into a CloudTrail record, with the caller that `identity` knows; `behalf` adds the records of what
AWS does on the caller's behalf, which no proxy can see. `journal` keeps the records, `event_history` answers
LookupEvents from them, `delivery` lays them out as the files of a trail, and `digests` signs those.
"""
