"""The peer: a collector as small as Flask allows, which answers after the broker's ack."""
import json
import os
import uuid
from datetime import datetime, timezone

from flask import Flask, request
from kafka import KafkaProducer

topic = os.environ["BENCH_TOPIC"]
producer = KafkaProducer(
    bootstrap_servers=os.environ["BENCH_KAFKA"],
    acks="all",
    enable_idempotence=True,
    compression_type="lz4",
    linger_ms=int(os.environ.get("BENCH_LINGER_MS", "0")),
)
app = Flask(__name__)


@app.post("/purchase_sword")
def purchase_sword():
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    event = {
        "event_id": str(uuid.uuid4()),
        "event_type": "purchase_sword",
        "event_time": now,
        "received_at": now,
        "host": request.headers.get("Host", ""),
        "user_agent": request.headers.get("User-Agent", ""),
        "accept": request.headers.get("Accept", ""),
        **request.get_json(),
    }
    sent = producer.send(topic, json.dumps(event).encode(), key=event["user_id"].encode())
    kept = sent.get(timeout=10)
    answer = {"event_id": event["event_id"], "topic": topic, "partition": kept.partition, "offset": kept.offset}
    return answer, 202
