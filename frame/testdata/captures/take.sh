#!/bin/sh
# Takes the captures anew, from servers started on loopback with nothing of this
# machine's configuration. Run as root (PostgreSQL and MariaDB are started as the
# users that their packages made); README.md names the packages.
#
#	sh take.sh [NAME…]
set -eu
cd "$(dirname "$0")"
out=$PWD
tmp=$(mktemp -d)
chmod 755 "$tmp"
pids=""
trap 'for p in $pids; do kill "$p" 2>/dev/null || true; done; wait; rm -rf "$tmp"' EXIT
go build -o "$tmp/record" record.go
cd "$tmp"
export LC_ALL=C TZ=UTC HOME="$tmp"

# start runs a server in the background; await waits for its port.
start() { "$@" >>"$tmp/log" 2>&1 & pids="$pids $!"; }
await() { n=0; while ! nc -z 127.0.0.1 "$1"; do n=$((n + 1)); [ $n -lt 300 ] || { cat "$tmp/log"; exit 1; }; sleep 0.1; done; }
record() { name=$1 port=$2; shift 2; ./record -server "127.0.0.1:$port" -name "$name" -dir "$out" "$@"; }

# letters writes so many letters.
letters() { yes abcdefghijklmnopqrstuvwxyz | tr -d '\n' | head -c "$1"; }

redis() {
	start redis-server --bind 127.0.0.1 --port 7101 --save '' --appendonly no --dir "$tmp" --enable-debug-command yes
	await 7101
	# Pipelined: the client writes everything before it reads.
	{
		resp PING
		resp SET parley 'a value'
		resp GET parley
		resp GET nothing
		resp INCR parley
		resp SET binary "$(printf '\r\n$5\r\n*1\r\n')"
		resp GET binary
		resp SET large "$(letters 9000)"
		resp GET large
		resp SET empty ''
		resp GET empty
		resp RPUSH list one two three ''
		resp LRANGE list 0 -1
		resp LRANGE nothing 0 -1
		resp MULTI
		resp INCR counter
		resp LRANGE list 0 1
		resp MGET parley nothing empty
		resp EXEC
		resp EVAL 'return {1,{2,{3,{"four",false}}},{err="ERR nested"}}' 0
		resp SUBSCRIBE news weather
		resp PUBLISH news hello
		resp UNSUBSCRIBE news weather
		resp NOSUCHCOMMAND with arguments
		resp DEBUG PROTOCOL bignum
	} >redis.in
	record redis 7101 -- nc -q 1 127.0.0.1 '{port}' <redis.in >/dev/null
	{
		resp HELLO 3
		resp GET nothing
		resp HSET hash one 1 two 2 three 3
		resp HGETALL hash
		resp SADD set a b c
		resp SMEMBERS set
		resp ZADD sorted 1.5 one 2.25 two
		resp ZRANGE sorted 0 -1 WITHSCORES
		for type in string integer double null array set map attrib push verbatim bignum true false; do
			resp DEBUG PROTOCOL $type
		done
		resp COMMAND DOCS get
		resp SUBSCRIBE news
		resp PUBLISH news 'to myself'
		resp NOSUCHCOMMAND
	} >redis3.in
	record redis3 7101 -- nc -q 1 127.0.0.1 '{port}' <redis3.in >/dev/null
}

# resp writes a command as RESP does.
resp() {
	printf '*%d\r\n' $#
	for a; do printf '$%d\r\n%s\r\n' "${#a}" "$a"; done
}

nats() {
	start nats-server -a 127.0.0.1 -p 7102 --name parley
	await 7102
	{
		printf 'CONNECT {"verbose":true,"pedantic":true,"headers":true,"echo":true,"lang":"test","version":"1"}\r\n'
		printf 'PING\r\n'
		printf 'SUB news.* 1\r\nSUB jobs workers 2\r\n'
		printf 'PUB news.today 5\r\nhello\r\n'
		printf 'PUB news.reply inbox.1 12\r\nwith\r\nCRLF.\n\r\n'
		printf 'PUB jobs 0\r\n\r\n'
		printf 'HPUB news.head 22 27\r\nNATS/1.0\r\nTrace: 1\r\n\r\nhello\r\n'
		printf 'PUB news.large 9000\r\n'; letters 9000; printf '\r\n'
		printf 'UNSUB 2\r\n'
		printf 'PUB bad..subject 2\r\nhi\r\n'
		printf 'pub news.lower 2\r\nhi\r\n'
		printf 'PONG\r\n'
		printf 'PING\r\n'
	} >nats.in
	record nats 7102 -- nc -q 1 127.0.0.1 '{port}' <nats.in >/dev/null
}

memcached() {
	start /usr/bin/memcached -u nobody -l 127.0.0.1 -p 7103 -U 0
	await 7103
	{
		printf 'version\r\nget nothing\r\n'
		printf 'set k 7 0 5\r\nhello\r\nget k\r\n'
		printf 'set quiet 0 0 2 noreply\r\nhi\r\n'
		printf 'add k 0 0 1\r\nx\r\nappend k 0 0 7\r\n, world\r\n'
		printf 'set crlf 0 0 12\r\nwith\r\nCRLF.\n\r\n'
		printf 'set empty 0 0 0\r\n\r\n'
		printf 'set large 0 0 9000\r\n'; letters 9000; printf '\r\n'
		printf 'get k quiet crlf empty large nothing\r\n'
		printf 'gets k crlf\r\n'
		printf 'set n 0 0 2\r\n41\r\nincr n 1\r\nincr k 1\r\ndelete n\r\ndelete n\r\n'
		printf 'cas k 0 0 3 99999\r\nnew\r\n'
		printf 'touch k 100\r\nverbosity 0\r\nnosuchcommand\r\nincr k x\r\n'
		printf 'quit\r\n'
	} >memcached.in
	record memcached 7103 -- nc -q 1 127.0.0.1 '{port}' <memcached.in >/dev/null
}

postgres() {
	bin=$(ls -d /usr/lib/postgresql/*/bin)
	mkdir pg && chown postgres pg
	as="setpriv --reuid=postgres --regid=postgres --clear-groups"
	echo secret >pgpass && chmod 644 pgpass
	$as "$bin/initdb" -D pg/data -U parley --pwfile=pgpass -A scram-sha-256 --locale=C -E UTF8 >>log
	start $as "$bin/postgres" -D pg/data -h 127.0.0.1 -p 7104 -k "$tmp/pg" \
		-c fsync=off -c log_timezone=UTC -c timezone=UTC
	await 7104
	cat >pg.sql <<-'END'
		CREATE TABLE t (id int PRIMARY KEY, name text, data bytea);
		INSERT INTO t VALUES (1, 'one', '\x000102'), (2, NULL, NULL), (3, '', '\x');
		SELECT * FROM t ORDER BY id;
		SELECT repeat('x', 9000);
		SELECT 1/0;
		SELECT 1; SELECT 2; SELECT 3;
		SELECT FROM t;
			COPY t TO STDOUT;
		COPY t FROM STDIN;
		4	four	\\x04
		5	\N	\N
		\.
		LISTEN news;
		NOTIFY news, 'hello';
		DO $$ BEGIN RAISE NOTICE 'careful'; END $$;
	END
	record postgres 7104 -- env PGPASSWORD=secret PGAPPNAME=parley PGSSLMODE=prefer PGGSSENCMODE=disable \
		psql -X -q -h 127.0.0.1 -p '{port}' -U parley -f pg.sql postgres >/dev/null 2>&1
	# Prepared statements, pipelined, as pgbench sends them: Parse, Bind, Describe, Execute, Sync.
	cat >pg.bench <<-'END'
		\startpipeline
		SELECT id, name, data FROM t WHERE id = 1;
		SELECT count(*) FROM t WHERE name = 'four';
		\endpipeline
	END
	record postgres-pipeline 7104 -connection 2 -- env PGPASSWORD=secret PGAPPNAME=parley PGSSLMODE=disable \
		"$bin/pgbench" -n -h 127.0.0.1 -p '{port}' -U parley -M prepared -t 3 -f pg.bench postgres >/dev/null 2>&1
}

mariadb() {
	mkdir my && chown mysql my
	as="setpriv --reuid=mysql --regid=mysql --clear-groups"
	$as mariadb-install-db --no-defaults --datadir="$tmp/my/data" --auth-root-authentication-method=normal --skip-test-db >>log 2>&1
	start $as mariadbd --no-defaults --datadir="$tmp/my/data" --socket="$tmp/my/s" --bind-address=127.0.0.1 --port=7105
	await 7105
	/usr/bin/mariadb --no-defaults -S "$tmp/my/s" -u root -e "CREATE DATABASE parley; CREATE USER parley@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON parley.* TO parley@'127.0.0.1'"
	cat >my.py <<-'END'
		import pymysql, sys
		from pymysql.constants import CLIENT
		c = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="parley", password="secret",
		    database="parley", program_name="parley", client_flag=CLIENT.MULTI_STATEMENTS, defer_connect=True)
		for k in ("_pid", "_client_name", "_client_version"):
		    c._connect_attrs.pop(k, None)
		c.connect()
		q = c.cursor()
		def run(sql):
		    try:
		        q.execute(sql)
		        while True:
		            q.fetchall()
		            if not q.nextset():
		                break
		    except pymysql.err.Error:
		        pass
		run("CREATE TABLE t (id int PRIMARY KEY, name varchar(20), data blob)")
		run("INSERT INTO t VALUES (1, 'one', x'000102'), (2, NULL, NULL), (3, '', '')")
		run("SELECT * FROM t ORDER BY id")
		run("SELECT repeat('x', 9000)")
		run("SELECT * FROM nothing")
		run("SELECT 1; SELECT 2; DO 0; SELECT 3")
		run("PREPARE p FROM 'SELECT name FROM t WHERE id = ?'")
		run("EXECUTE p USING 2")
		c.ping()
		c.close()
	END
	record mariadb 7105 -- /usr/bin/python3 my.py '{port}'
}

mosquitto() {
	cat >mosquitto.conf <<-'END'
		listener 7106 127.0.0.1
		allow_anonymous true
		persistence false
		user nobody
	END
	start /usr/sbin/mosquitto -c mosquitto.conf
	await 7106
	letters 9000 >large
	printf '\000\001\300\000\r\n' >binary
	mosquitto_pub -p 7106 -i keeper -t news/kept -r -m retained
	record mqtt 7106 -- sh -c '
		mosquitto_sub -p $1 -i parley -q 2 -t "news/#" -C 4 -k 5 -V mqttv5 >/dev/null & sub=$!
		sleep 0.5
		mosquitto_pub -p 7106 -i pub1 -t news/now -m hello
		mosquitto_pub -p 7106 -i pub2 -t news/binary -q 1 -f binary
		sleep 6 # past the keep-alive, so that there is a ping
		mosquitto_pub -p 7106 -i pub3 -t news/large -q 2 -f large
		wait $sub' sh '{port}'
	record mqtt-publish 7106 -- sh -c '
		{ printf "one\ntwo\n\n"; cat large; echo; echo last; } |
		mosquitto_pub -p $1 -i parley -t news/lines -q 2 -l -k 60 --will-topic news/gone --will-payload bye' sh '{port}'
}

dns() {
	start dnsmasq -k -C /dev/null -p 7107 --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
		--pid-file= --user=nobody --local=/parley.test/ \
		--host-record=one.parley.test,192.0.2.1,2001:db8::1 --cname=two.parley.test,one.parley.test \
		--mx-host=parley.test,mail.parley.test,10 --txt-record=txt.parley.test,"$(letters 200)","$(letters 255)"
	await 7107
	record dns 7107 -- dig @127.0.0.1 -p '{port}' +tcp +keepopen +nocookie \
		one.parley.test A one.parley.test AAAA two.parley.test A parley.test MX txt.parley.test TXT \
		nothing.parley.test A elsewhere.example A version.bind CH TXT >/dev/null
}

http2() {
	mkdir www && echo hello >www/small && letters 20000 >www/large
	start nghttpd --no-tls -a 127.0.0.1 -d "$tmp/www" 7108
	await 7108
	record http2 7108 -- nghttp -n -H 'user-agent: parley' -H ':authority: parley.test' \
		'http://127.0.0.1:{port}/small' 'http://127.0.0.1:{port}/large' 'http://127.0.0.1:{port}/nothing' >/dev/null
}

tls() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=parley.test -keyout key.pem -out cert.pem >>log 2>&1
	mkfifo tls.fifo # the server ends when its input does
	start sh -c 'exec openssl s_server -accept 127.0.0.1:7109 -key key.pem -cert cert.pem -quiet -rev <>tls.fifo'
	await 7109
	letters 20000 >tls.in && echo >>tls.in
	record tls 7109 -- sh -c '{ sleep 1; cat tls.in; sleep 1; } | openssl s_client -quiet -no_ign_eof -tls1_3 -connect 127.0.0.1:$1' sh '{port}' >>log 2>&1
	record tls12 7109 -- sh -c '{ sleep 1; cat tls.in; sleep 1; } | openssl s_client -quiet -no_ign_eof -tls1_2 -connect 127.0.0.1:$1' sh '{port}' >>log 2>&1
}

zmtp() {
	cat >zmq-server.py <<-'END'
		import zmq
		s = zmq.Context().socket(zmq.REP)
		s.setsockopt(zmq.HEARTBEAT_IVL, 300)
		s.bind("tcp://127.0.0.1:7110")
		while True:
		    s.send_multipart(s.recv_multipart())
	END
	cat >zmq-client.py <<-'END'
		import sys, time, zmq
		s = zmq.Context().socket(zmq.REQ)
		s.setsockopt(zmq.LINGER, 0)
		s.connect("tcp://127.0.0.1:" + sys.argv[1])
		for parts in [b"hello"], [b""], [b"one", b"", b"three"], [bytes(range(256)) * 40], [b"x" * 255], [b"x" * 256]:
		    s.send_multipart(parts)
		    s.recv_multipart()
		time.sleep(1)
		s.close()
	END
	start /usr/bin/python3 zmq-server.py
	await 7110
	record zmtp 7110 -- /usr/bin/python3 zmq-client.py '{port}'
}

websocket() {
	cat >ws-server.py <<-'END'
		import asyncio, websockets
		async def echo(ws):
		    async for m in ws:
		        await ws.send(m)
		async def main():
		    async with websockets.serve(echo, "127.0.0.1", 7111, compression=None, server_header=None):
		        await asyncio.Future()
		asyncio.run(main())
	END
	cat >ws-client.py <<-'END'
		import asyncio, sys, websockets
		async def main():
		    async with websockets.connect("ws://127.0.0.1:" + sys.argv[1], compression=None,
		            user_agent_header=None) as ws:
		        for m in "hello", "", bytes(range(126)), "x" * 125, "x" * 500, b"y" * 66000, ["in ", "three ", "pieces"]:
		            await ws.send(m)
		            await ws.recv()
		        await (await ws.ping(b"are you there"))
		asyncio.run(main())
	END
	start /usr/bin/python3 ws-server.py
	await 7111
	record websocket 7111 -- /usr/bin/python3 ws-client.py '{port}'
}

fastcgi() {
	printf '#!/bin/sh\necho "Content-Type: text/plain"; echo; echo hello; yes | head -c 9001; echo trouble >&2\n' >script && chmod 755 script
	mkdir /srv/parley && mv script /srv/parley/script
	start env -i PATH=/bin:/usr/bin /usr/sbin/fcgiwrap -f -s tcp:127.0.0.1:7112
	await 7112
	record fastcgi 7112 -- env -i SCRIPT_FILENAME=/srv/parley/script REQUEST_METHOD=GET QUERY_STRING=a=1 \
		/usr/bin/cgi-fcgi -bind -connect '127.0.0.1:{port}' >/dev/null
	rm -r /srv/parley
}

syslog() {
	start nc -lk 127.0.0.1 7113
	await 7113
	{ echo one; echo 'two words'; echo; letters 900; echo; } >syslog.in
	record syslog 7113 -- logger --tcp -n 127.0.0.1 -P '{port}' --octet-count --rfc5424=nohost,notime,notq -t parley -f syslog.in
	record syslog-lines 7113 -- logger --tcp -n 127.0.0.1 -P '{port}' --rfc5424=nohost,notime,notq -t parley -f syslog.in
}

proxy() {
	start redis-server --bind 127.0.0.1 --port 7114 --save '' --appendonly no --dir "$tmp"
	await 7114
	cat >proxy.cfg <<-'END'
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 5s
		    timeout server 5s
		listen receiver
		    bind 127.0.0.1:7115 accept-proxy
		    server redis 127.0.0.1:7114
	END
	start haproxy -f proxy.cfg
	await 7115
	cat >sender.cfg <<-'END'
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 5s
		    timeout server 5s
		listen sender
		    bind 127.0.0.1:7116
		    server receiver 127.0.0.1:"$PORT" send-proxy-v2 proxy-v2-options unique-id,crc32c
	END
	{ resp PING; resp SET parley "$(letters 3000)"; resp GET parley; } >proxy.in
	record proxy-v2 7115 -- sh -c 'PORT=$1 haproxy -f sender.cfg & p=$!
		sleep 1; nc -q 1 127.0.0.1 7116 <proxy.in >/dev/null; kill $p; wait' sh '{port}'
}

ninep() {
	mkdir /srv/parley && letters 20000 >/srv/parley/large
	start diod -f -n -N -l 127.0.0.1:7117 -e /srv/parley -c /dev/null -U root
	await 7117
	record 9p 7117 -- diodcat -s '127.0.0.1:{port}' -a /srv/parley large nothing >/dev/null
	rm -r /srv/parley
}

[ $# -gt 0 ] || set -- redis nats memcached postgres mariadb mosquitto dns http2 tls zmtp websocket fastcgi syslog proxy ninep
for what; do "$what"; done
