"""Signed digests over the files of a trail, and the delivery of both into a bucket.

As AWS documents them ("CloudTrail digest file structure"): a digest names each log file of its hour with the SHA-256 of
the uncompressed content, and the digest before it; its signature stands in the metadata of the object.
"""

import base64
import gzip
import hashlib
import json
import pathlib

import boto3
import rsa

from .journal import iso, now

TRAIL = "management-events"


class Signer:
    """A key pair as CloudTrail has one for each Region and time."""

    def __init__(self):
        public, self._private = rsa.newkeys(2048)
        self._der = public.save_pkcs1("DER")
        self.fingerprint = hashlib.md5(self._der).hexdigest()

    def sign(self, text):
        return rsa.sign(text.encode(), self._private, "SHA-256").hex()

    def public_keys(self):
        """The answer of ListPublicKeys."""
        value = base64.b64encode(self._der).decode()
        return {"PublicKeyList": [{"Value": value, "Fingerprint": self.fingerprint,
                                   "ValidityStartTime": now() - 86400, "ValidityEndTime": now() + 86400}]}


def deliver(files, folder, bucket, account, signer, server):
    """Puts the files below `folder` and two linked digests for each Region into the bucket, as the root user."""
    store = boto3.client("s3", endpoint_url=server, aws_access_key_id="test", aws_secret_access_key="test",
                         region_name="eu-central-1")
    store.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    regions = {}
    for path in files:
        key = str(pathlib.Path(path).relative_to(folder))
        store.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        regions.setdefault(key.split("/")[3], []).append((key, path))
    for region, own in sorted(regions.items()):
        previous = None
        for hour, part in ((now() - 3600, []), (now(), own)):
            previous = _digest(store, bucket, account, region, part, hour, signer, previous)


def _digest(store, bucket, account, region, files, end, signer, previous):
    stamp = iso(end).replace("-", "").replace(":", "")
    day = iso(end)[:10].replace("-", "/")
    key = (f"AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/"
           f"{account}_CloudTrail-Digest_{region}_{TRAIL}_{region}_{stamp}.json.gz")
    logs = [_log(bucket, name, path) for name, path in files]
    content = {
        "awsAccountId": account, "digestStartTime": iso(end - 3600), "digestEndTime": iso(end),
        "digestS3Bucket": bucket, "digestS3Object": key, "digestPublicKeyFingerprint": signer.fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max((log["newestEventTime"] for log in logs), default=None),
        "oldestEventTime": min((log["oldestEventTime"] for log in logs), default=None),
        "previousDigestS3Bucket": previous and bucket, "previousDigestS3Object": previous and previous["key"],
        "previousDigestHashValue": previous and previous["hash"],
        "previousDigestHashAlgorithm": previous and "SHA-256",
        "previousDigestSignature": previous and previous["signature"], "logFiles": logs,
    }
    text = json.dumps(content)
    digest = hashlib.sha256(text.encode()).hexdigest()
    before = previous["signature"] if previous else "null"
    signature = signer.sign(f"{iso(end)}\n{bucket}/{key}\n{digest}\n{before}")
    store.put_object(Bucket=bucket, Key=key, Body=gzip.compress(text.encode()), Metadata={
        "signature": signature, "signature-algorithm": "SHA256withRSA"})
    return {"key": key, "hash": digest, "signature": signature}


def _log(bucket, key, path):
    content = gzip.decompress(path.read_bytes())
    times = [record["eventTime"] for record in json.loads(content)["Records"]]
    return {"s3Bucket": bucket, "s3Object": key, "hashValue": hashlib.sha256(content).hexdigest(),
            "hashAlgorithm": "SHA-256", "newestEventTime": max(times), "oldestEventTime": min(times)}
