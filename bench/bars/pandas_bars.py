"""The bars of a day by pandas. `pandas_bars.py plain|best DAY OUT_CSV`

plain: as people write it: read_csv file by file, json.loads row by row, groupby.
best: the best of what was tried: a process for each core, an hour of chunks joined to one CSV before it is parsed, only the
columns that count, the best level cut out by slicing in a comprehension (str.extract takes three times as long).
"""

import gzip
import io
import json
import multiprocessing
import sys
from glob import glob

import numpy as np
import pandas as pd

COLUMNS = """timestamp open high low close vwap vol_total vol_buy vol_sell vol_delta trade_count avg_spread avg_bid_qty
avg_ask_qty cvd l1_imbalance quote_vol_total quote_vol_buy agg_trade_count depth_count""".split()
START = 1721260800
TRADES = ["timestamp", "price", "quantity", "is_buyer_maker", "agg_trade_id", "first_trade_id", "last_trade_id"]


def traded(trades):
    trades["second"] = trades["timestamp"] // 1000
    trades["quote"] = trades["price"] * trades["quantity"]
    trades["buy"] = trades["quantity"].where(~trades["is_buyer_maker"], 0.0)
    trades["quote_buy"] = trades["quote"].where(~trades["is_buyer_maker"], 0.0)
    trades["executions"] = trades["last_trade_id"] - trades["first_trade_id"] + 1
    return trades.sort_values("agg_trade_id").groupby("second").agg(
        open=("price", "first"), high=("price", "max"), low=("price", "min"), close=("price", "last"),
        vol_total=("quantity", "sum"), vol_buy=("buy", "sum"), quote_vol_total=("quote", "sum"),
        quote_vol_buy=("quote_buy", "sum"), trade_count=("executions", "sum"), agg_trade_count=("price", "size"),
    )  # fmt: skip


def booked(depth):
    depth["second"] = depth["timestamp"] // 1000
    depth["spread"] = depth["ask"] - depth["bid"]
    depth["imbalance"] = depth["bid_qty"] / (depth["bid_qty"] + depth["ask_qty"])
    return depth.groupby("second").agg(
        avg_spread=("spread", "mean"), avg_bid_qty=("bid_qty", "mean"), avg_ask_qty=("ask_qty", "mean"),
        l1_imbalance=("imbalance", "mean"), depth_count=("bid", "size"),
    )  # fmt: skip


def plain(day):
    trades = pd.concat([pd.read_csv(name) for name in sorted(glob(f"{day}/trades/*.csv.gz"))])
    depth = pd.concat([pd.read_csv(name) for name in sorted(glob(f"{day}/depth/*.csv.gz"))])
    for side, price, quantity in [("bids", "bid", "bid_qty"), ("asks", "ask", "ask_qty")]:
        best = depth[side].apply(lambda text: json.loads(text)[0])
        depth[price] = best.str[0]
        depth[quantity] = best.str[1]
    return traded(trades), booked(depth)


def best_levels(texts):
    """`[[price,quantity],...` of every row as two columns of numbers."""
    heads = [text[2 : text.index("]")].split(",") for text in texts]
    return np.array(heads, dtype="float64").T


def joined(names):
    """Many chunks as one CSV: one read of ten megabytes costs much less than sixty of a sixtieth."""
    texts = [gzip.decompress(open(name, "rb").read()) for name in names]
    return io.BytesIO(b"".join([texts[0], *(text[text.index(b"\n") + 1 :] for text in texts[1:])]))


def best_part(names):
    """Bars of some whole minutes: no second spans two parts, so nothing has to be combined."""
    trades_names, depth_names = names
    types = dict.fromkeys(["price", "quantity"], "float64")
    trades = pd.read_csv(joined(trades_names), usecols=TRADES, dtype=types)
    depth = pd.read_csv(joined(depth_names), usecols=["timestamp", "bids", "asks"], dtype={"bids": object, "asks": object})
    book = pd.DataFrame({"timestamp": depth["timestamp"]})
    book["bid"], book["bid_qty"] = best_levels(depth["bids"].tolist())
    book["ask"], book["ask_qty"] = best_levels(depth["asks"].tolist())
    return traded(trades), booked(book)


def best(day):
    trades, depth = (sorted(glob(f"{day}/{kind}/*.csv.gz")) for kind in ["trades", "depth"])
    parts = [(trades[at : at + 60], depth[at : at + 60]) for at in range(0, len(trades), 60)]
    with multiprocessing.Pool() as pool:
        bars = pool.map(best_part, parts, chunksize=1)
    return pd.concat([part for part, _ in bars]), pd.concat([part for _, part in bars])


def write(trades, book, out):
    bars = trades.join(book, how="outer").reindex(range(START, START + 86400))
    bars["close"] = bars["close"].ffill()
    for name in ["open", "high", "low"]:
        bars[name] = bars[name].fillna(bars["close"])
    bars["vwap"] = bars["quote_vol_total"] / bars["vol_total"]
    for name in ["vol_total", "vol_buy", "quote_vol_total", "quote_vol_buy", "trade_count", "agg_trade_count", "depth_count"]:
        bars[name] = bars[name].fillna(0)
    bars["vol_sell"] = bars["vol_total"] - bars["vol_buy"]
    bars["vol_delta"] = (2 * bars["vol_buy"] - bars["vol_total"]).round(3)
    bars["cvd"] = bars["vol_delta"].cumsum()
    bars["timestamp"] = pd.to_datetime(bars.index, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")
    rounded = {"vol_total": 3, "vol_buy": 3, "vol_sell": 3, "cvd": 3, "quote_vol_total": 4, "quote_vol_buy": 4}
    bars[COLUMNS].round(rounded).to_csv(out, index=False)


if __name__ == "__main__":
    how, day, out = sys.argv[1:]
    trades, book = {"plain": plain, "best": best}[how](day)
    write(trades, book, out)
