# Runs one of the playbooks with the collections that came with the pinned package, and nothing of the user's settings.
playbooks="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export ANSIBLE_COLLECTIONS_PATH="$SERVERS/ansible/collections" ANSIBLE_HOME="$WORK/ansible" ANSIBLE_LOCALHOST_WARNING=false
export ANSIBLE_PYTHON_INTERPRETER="$SERVERS/ansible/bin/python" ANSIBLE_NOCOLOR=1 ANSIBLE_INVENTORY_UNPARSED_WARNING=false
export ANSIBLE_DEPRECATION_WARNINGS=false LC_ALL=C.UTF-8 AWS_REGION="$AWS_DEFAULT_REGION"
"$SERVERS/ansible/bin/ansible-playbook" "$playbooks/$1.yml" \
  --extra-vars "cluster=$CLUSTER region=$AWS_DEFAULT_REGION bucket=$STATE_BUCKET"
