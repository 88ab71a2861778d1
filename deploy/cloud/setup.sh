#!/bin/sh
# Holds the ceremonies and writes every secret of this cloud, once, into /secrets. Run by
# `docker compose run --rm setup`; run again it changes nothing. Afterwards move `root` and `ca-root`
# to a place that is on no network.
set -eu
umask 077
: "${PORTERO_OWNER_EMAIL:?who owns the first organisation?}"
: "${PORTERO_PUBLIC_URL:=https://localhost}"
: "${BROKER_HOST:=broker}"
: "${SECRETS:=/secrets}"
: "${BROKER_FOLDER:=/etc/mosquitto/portero}"

if [ -f "$SECRETS/cloud.env" ]; then
  echo "everything is there already; nothing is changed"
  exit 0
fi
portero() { python -m portero "$@"; }
random() { python -c 'import secrets; print(secrets.token_urlsafe(32))'; }

portero keys create --root-folder "$SECRETS/root" --cloud-folder "$SECRETS/keys"
portero provision authority --root-folder "$SECRETS/ca-root" --issuer-folder "$SECRETS/ca"
portero provision service broker --issuer-folder "$SECRETS/ca" --folder "$BROKER_FOLDER" \
  --host broker --host "$BROKER_HOST"
portero provision service courier-1 --issuer-folder "$SECRETS/ca" --folder "$SECRETS/courier"
portero provision broker --folder "$BROKER_FOLDER" --issuer-folder "$SECRETS/ca" \
  --courier courier-1

owner_password="$(random)"
app_password="$(random)"
host_password="$(random)"
printf '%s' "$owner_password" >"$SECRETS/postgres_password"
cat >"$SECRETS/cloud.env.new" <<END
PORTERO_ENVIRONMENT=production
PORTERO_DATABASE_DSN=postgresql://portero_app:$app_password@postgres/portero
PORTERO_SECRET_KEY=$(random)
PORTERO_HOST=0.0.0.0
PORTERO_METRICS_HOST=0.0.0.0
PORTERO_METRICS_PORT=9100
PORTERO_TRUSTED_PROXIES=*
PORTERO_PUBLIC_URL=$PORTERO_PUBLIC_URL
PORTERO_DATA_FOLDER=/var/lib/portero
PORTERO_KEY_FOLDER=$SECRETS/keys
PORTERO_HOUSE_BROKER_URL=mqtts://$BROKER_HOST:8883
PORTERO_BROKER_URL=mqtts://broker:8883
PORTERO_BROKER_CA=$SECRETS/ca/ca-root.pem
PORTERO_BROKER_CERTIFICATE=$SECRETS/courier/courier-1.pem
PORTERO_BROKER_KEY=$SECRETS/courier/courier-1.key
PORTERO_OWNER_EMAIL=$PORTERO_OWNER_EMAIL
PORTERO_OWNER_PASSWORD=$host_password
END
cat >"$SECRETS/migrate.env" <<END
PORTERO_DATABASE_OWNER_DSN=postgresql://portero:$owner_password@postgres/portero
END
if [ "$(id -u)" = 0 ]; then
  chown -R 10000:10000 "$SECRETS"
  chown -R 1883:1883 "$BROKER_FOLDER"
fi
mv "$SECRETS/cloud.env.new" "$SECRETS/cloud.env"
echo "done. First owner: $PORTERO_OWNER_EMAIL, password: $host_password (also in secrets/cloud.env)"
