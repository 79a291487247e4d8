"""What the recorder writes, against shapes of real records. `python -m unittest recorder.tests` in `tests/loop`.

The expected halves are written after public records of the same calls (Stratus Red Team's detonation logs and other
published trails) and AWS's documentation of log files.
"""

import json
import unittest
import urllib.parse

from . import answer as answers
from . import call as calls
from .behalf import OnBehalf
from .event_history import EventHistory, Refused
from .identity import Callers
from .journal import Journal
from .record import Recorder

ACCOUNT, ROLE = "111122223333", "arn:aws:iam::111122223333:role/ci/runner"
SESSION = (
    "<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId></Credentials>"
    "<Arn>arn:aws:sts::111122223333:assumed-role/runner/gha-1</Arn><AssumedRoleId>AROAEXAMPLE:gha-1</AssumedRoleId>"
    "</AssumeRoleWithWebIdentityResponse>")


def request(service, method="POST", url="/", body=b"", region="eu-central-1", **headers):
    signature = f"AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261124/{region}/{service}/aws4_request, SignedHeaders=host"
    headers = {"Authorization": signature, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return calls.Request(method, urllib.parse.urlsplit(url), headers, body)


def form(service, **parameters):
    body = urllib.parse.urlencode({key.replace("__", "."): value for key, value in parameters.items()}).encode()
    return request(service, body=body, Content_Type="application/x-www-form-urlencoded")


class Shapes(unittest.TestCase):
    def setUp(self):
        self.callers = Callers(ACCOUNT)
        self.callers.remember(ROLE, SESSION, "2026-11-24T00:00:00Z")
        self.recorder = Recorder(ACCOUNT, self.callers)

    def record(self, request, body=b"{}", status=200, **headers):
        call = calls.read(request, ACCOUNT)
        return self.recorder.record(call, answers.Answer(status, headers, body), "aws-cli")

    def test_the_role_of_a_session_is_named_with_its_path(self):
        identity = self.record(form("ec2", Action="DescribeVpcs"))["userIdentity"]
        self.assertEqual(identity["arn"], "arn:aws:sts::111122223333:assumed-role/runner/gha-1")
        self.assertEqual(identity["sessionContext"]["sessionIssuer"]["arn"], ROLE)

    def test_calls_with_other_keys_are_nobodys(self):
        other = request("s3", "GET", "/", Authorization="Credential=test/20261124/eu-central-1/s3/aws4_request")
        self.assertIsNone(self.record(other))

    def test_old_ec2_calls_have_sets_with_items(self):
        made = self.record(form("ec2", Action="AuthorizeSecurityGroupIngress", GroupId="sg-0a", **{
            "IpPermissions__1__IpProtocol": "tcp", "IpPermissions__1__FromPort": "22", "IpPermissions__1__ToPort": "22",
            "IpPermissions__1__IpRanges__1__CidrIp": "10.0.0.0/8"}),
            b"<R><requestId>r</requestId><return>true</return></R>")
        rule = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipv6Ranges": {}, "prefixListIds": {},
                "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}]}}
        self.assertEqual(made["requestParameters"], {"groupId": "sg-0a", "ipPermissions": {"items": [rule]}})
        self.assertEqual(made["responseElements"], {"requestId": "r", "_return": True})

    def test_new_ec2_calls_have_one_object_whose_lists_of_one_collapse(self):
        made = self.record(form("ec2", Action="DeleteFlowLogs", FlowLogId__1="fl-0a"), b"<R><requestId>r</requestId></R>")
        self.assertEqual(made["requestParameters"], {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-0a"}}})
        self.assertIn("DeleteFlowLogsResponse", made["responseElements"])

    def test_tags_of_old_ec2_calls_stand_in_the_specification(self):
        made = self.record(form("ec2", Action="CreateVpc", CidrBlock="10.0.0.0/16", **{
            "TagSpecification__1__ResourceType": "vpc", "TagSpecification__1__Tag__1__Key": "Name",
            "TagSpecification__1__Tag__1__Value": "a"}), b"<R><vpc><vpcId>vpc-0a</vpcId></vpc></R>")
        specification = {"resourceType": "vpc", "tags": [{"key": "Name", "value": "a"}]}
        self.assertEqual(made["requestParameters"]["tagSpecificationSet"], {"items": [specification]})
        self.assertEqual(made["responseElements"]["vpc"], {"vpcId": "vpc-0a"})

    def test_iam_calls_are_global_and_in_camel_case(self):
        made = self.record(form("iam", Action="CreateRole", Version="2010-05-08", RoleName="r",
                                AssumeRolePolicyDocument="{}", Tags__member__1__Key="a", Tags__member__1__Value="b"),
                           b"<CreateRoleResponse><CreateRoleResult><Role><RoleName>r</RoleName></Role>"
                           b"</CreateRoleResult></CreateRoleResponse>")
        self.assertEqual(made["awsRegion"], "us-east-1")
        self.assertEqual(made["requestParameters"]["tags"], [{"key": "a", "value": "b"}])
        self.assertEqual(made["responseElements"], {"role": {"roleName": "r"}})

    def test_nothing_is_filled_in_that_an_iam_call_left_out(self):
        made = self.record(form("iam", Action="CreateRole", Version="2010-05-08", RoleName="r",
                                AssumeRolePolicyDocument="{}"), b"<R><CreateRoleResult/></R>")
        self.assertEqual(made["requestParameters"], {"roleName": "r", "assumeRolePolicyDocument": "{}"})

    def test_calls_that_manage_a_key_name_it_in_the_response(self):
        """https://docs.aws.amazon.com/kms/latest/developerguide/ct-updatealias.html"""
        target = {"X_Amz_Target": "TrentService.CreateAlias"}
        body = json.dumps({"AliasName": "alias/a", "TargetKeyId": "1234abcd"}).encode()
        made = self.record(request("kms", body=body, **target), b"")
        key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd"
        self.assertEqual(made["responseElements"], {"keyId": key})
        alias = f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/a"
        self.assertEqual([resource["ARN"] for resource in made["resources"]], [alias, key])

    def test_secrets_and_what_only_the_server_says_are_left_out_of_a_session(self):
        body = (b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANEXT</AccessKeyId>"
                b"<SecretAccessKey>secret</SecretAccessKey><SessionToken>t</SessionToken></Credentials><AssumedRoleUser>"
                b"<Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn><AssumedRoleId>AROANEXT:s</AssumedRoleId>"
                b"</AssumedRoleUser><PackedPolicySize>1</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>")
        made = self.record(form("sts", Action="AssumeRole", Version="2011-06-15", RoleArn=ROLE, RoleSessionName="s"), body)
        self.assertEqual(set(made["responseElements"]), {"credentials", "assumedRoleUser"})
        self.assertEqual(set(made["responseElements"]["credentials"]), {"accessKeyId", "sessionToken"})

    def test_eks_calls_have_the_names_of_the_path(self):
        made = self.record(request("eks", "GET", "/clusters/blue/addons/vpc-cni"))
        self.assertEqual(made["eventName"], "DescribeAddon")
        self.assertEqual(made["requestParameters"], {"name": "blue", "addonName": "vpc-cni"})
        self.assertIsNone(made["responseElements"])

    def test_s3_objects_are_data_events_with_resources(self):
        made = self.record(request("s3", "PUT", "/state/a/b.tfstate?x-id=PutObject"), b"")
        self.assertEqual((made["eventName"], made["eventCategory"]), ("PutObject", "Data"))
        self.assertEqual(made["requestParameters"]["key"], "a/b.tfstate")
        self.assertIn("arn:aws:s3:::state/a/b.tfstate", [resource.get("ARN") for resource in made["resources"]])

    def test_denials_are_named_as_cloudtrail_names_them(self):
        words = b'{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: eks:ListClusters on resource: x"}'
        made = self.record(request("eks", "GET", "/clusters"), words, 403)
        self.assertEqual(made["errorCode"], "AccessDenied")
        self.assertNotIn("on resource", made["errorMessage"])
        xml = b"<R><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></R>"
        self.assertEqual(self.record(form("ec2", Action="CreateVpc"), xml, 403)["errorCode"], "Client.UnauthorizedOperation")

    def test_the_grants_of_a_clusters_key_are_made_through_eks(self):
        journal = Journal()
        key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k"
        body = {"name": "blue", "roleArn": ROLE, "encryptionConfig": [{"provider": {"keyArn": key}}]}
        call = calls.read(request("eks", "POST", "/clusters", json.dumps(body).encode()), ACCOUNT)
        OnBehalf(self.recorder, journal).follow(call, self.callers.identity("ASIAEXAMPLE"))
        grants = [record for record in journal.records() if record["eventName"] == "CreateGrant"]
        self.assertEqual(grants[0]["userIdentity"]["invokedBy"], "eks.amazonaws.com")
        self.assertEqual(grants[0]["resources"][0]["ARN"], key)

    def test_event_history_is_newest_first_fifty_a_page_and_throttled(self):
        journal = Journal()
        for minute in range(60):
            record = self.recorder.build(self.callers.identity("ASIAEXAMPLE"), "eks", "ListClusters", "eu-central-1",
                                         None, None, True)
            journal.add({**record, "eventTime": f"2026-11-24T00:{minute:02}:00Z"})
        history = EventHistory(journal, requests_per_second=3)
        first = history.lookup(b"{}", "eu-central-1")
        second = history.lookup(json.dumps({"NextToken": first["NextToken"]}).encode(), "eu-central-1")
        self.assertEqual((len(first["Events"]), len(second["Events"])), (50, 10))
        self.assertGreater(first["Events"][0]["EventTime"], second["Events"][0]["EventTime"])
        self.assertEqual(history.lookup(b"{}", "us-east-1"), {"Events": []})
        with self.assertRaises(Refused) as refused:
            history.lookup(b"{}", "eu-central-1")
        self.assertEqual(refused.exception.code, "ThrottlingException")


if __name__ == "__main__":
    unittest.main()
