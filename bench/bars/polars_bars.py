"""The bars of a day by Polars, on all cores. `polars_bars.py DAY OUT_CSV`

The best of what was tried: lazy scans on the streaming engine, types given, the best level cut out with splitn (a little
faster than a regular expression, and several times faster than decoding the JSON), both days collected together.
"""

import sys

import polars as pl

day, out = sys.argv[1:]
f, i, s = pl.Float64, pl.Int64, pl.String
trades = pl.scan_csv(f"{day}/trades/*.csv.gz", schema={
    "timestamp": i, "price": f, "quantity": f, "is_buyer_maker": pl.Boolean, "agg_trade_id": i, "first_trade_id": i,
    "last_trade_id": i, "quantity_no_rpi": s, "event_time": s, "received_at": s,
})  # fmt: skip
depth = pl.scan_csv(f"{day}/depth/*.csv.gz", schema={
    "timestamp": i, "bids": s, "asks": s, "last_update_id": s, "event_time": s, "received_at": s,
})  # fmt: skip

second = (pl.col("timestamp") // 1000).alias("second")
bought = pl.when(pl.col("is_buyer_maker")).then(0.0)
quote = pl.col("price") * pl.col("quantity")
traded = trades.group_by(second).agg(
    # chunks and rows lie in the order of the ids
    open=pl.col("price").sort_by("agg_trade_id").first(),
    high=pl.col("price").max(),
    low=pl.col("price").min(),
    close=pl.col("price").sort_by("agg_trade_id").last(),
    vol_total=pl.col("quantity").sum(),
    vol_buy=bought.otherwise(pl.col("quantity")).sum(),
    quote_vol_total=quote.sum(),
    quote_vol_buy=bought.otherwise(quote).sum(),
    trade_count=(pl.col("last_trade_id") - pl.col("first_trade_id") + 1).sum(),
    agg_trade_count=pl.len(),
)


def best(side: str) -> tuple[pl.Expr, pl.Expr]:
    head = pl.col(side).str.slice(2, 48).str.splitn("]", 2).struct.field("field_0").str.splitn(",", 2)
    return head.struct.field("field_0").cast(f), head.struct.field("field_1").cast(f)


(bid, bid_qty), (ask, ask_qty) = best("bids"), best("asks")
booked = (
    depth.select(second, bid=bid, bid_qty=bid_qty, ask=ask, ask_qty=ask_qty)
    .group_by("second")
    .agg(
        avg_spread=(pl.col("ask") - pl.col("bid")).mean(),
        avg_bid_qty=pl.col("bid_qty").mean(),
        avg_ask_qty=pl.col("ask_qty").mean(),
        l1_imbalance=(pl.col("bid_qty") / (pl.col("bid_qty") + pl.col("ask_qty"))).mean(),
        depth_count=pl.len(),
    )
)
traded, booked = pl.collect_all([traded, booked], engine="streaming")

start = 1721260800
zero = ["vol_total", "vol_buy", "quote_vol_total", "quote_vol_buy", "trade_count", "agg_trade_count", "depth_count"]
bars = (
    pl.DataFrame({"second": range(start, start + 86400)}, schema={"second": i})
    .join(traded, on="second", how="left", maintain_order="left")
    .join(booked, on="second", how="left", maintain_order="left")
    .with_columns(pl.col("close").forward_fill())
    .with_columns(pl.col("open", "high", "low").fill_null(pl.col("close")))
    .with_columns(vwap=pl.col("quote_vol_total") / pl.col("vol_total"))
    .with_columns(pl.col(zero).fill_null(0))
    .with_columns(
        timestamp=pl.from_epoch("second").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        vol_sell=(pl.col("vol_total") - pl.col("vol_buy")).round(3),
        vol_delta=(2 * pl.col("vol_buy") - pl.col("vol_total")).round(3),
    )
    .with_columns(
        pl.col("vol_total", "vol_buy").round(3),
        pl.col("quote_vol_total", "quote_vol_buy").round(4),
        cvd=pl.col("vol_delta").cum_sum().round(3),
    )
)
names = """timestamp open high low close vwap vol_total vol_buy vol_sell vol_delta trade_count avg_spread avg_bid_qty
avg_ask_qty cvd l1_imbalance quote_vol_total quote_vol_buy agg_trade_count depth_count"""
bars.select(names.split()).write_csv(out)
