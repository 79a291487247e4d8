# What every client's scripts start with. The test sets, besides the AWS_… of the session: CLUSTER, the name of the stack;
# STATE_BUCKET, a bucket for the state that was there before; WORK, a folder that stays between deploy, update and
# destroy; SERVERS, where the clients are installed.
: "${CLUSTER:?}" "${STATE_BUCKET:?}" "${WORK:?}" "${SERVERS:?}"
PATH="$SERVERS/clients/bin:$PATH"
export AWS_PAGER= AWS_MAX_ATTEMPTS=1
