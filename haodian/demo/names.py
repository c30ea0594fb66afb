"""Invented names of people, shops and places; any likeness to a real one is chance."""

from __future__ import annotations

from random import Random

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂玲飞鹏辉宇欣怡佳慧琳晨阳梓涵子轩思远雨桐浩然若溪嘉"
_SHOP_OWNERS = (
    "老王",
    "小李",
    "张记",
    "刘姐",
    "阿芳",
    "陈氏",
    "大勇",
    "福来",
    "顺兴",
    "德旺",
    "春和",
    "金穗",
)
_SHOP_PREFIXES = (
    "老地方",
    "巷口",
    "邻里",
    "好滋味",
    "幸福里",
    "小满",
    "有间",
    "四季",
    "南门",
    "东街",
    "暖阳",
    "青禾",
)
_SHOPS = {
    "5812": ("饺子馆", "家常菜", "川菜馆", "火锅", "涮肉", "东北菜", "湘菜馆", "烧烤"),
    "5814": ("牛肉面", "包子铺", "麻辣烫", "盖饭", "煎饼", "米线", "快餐"),
    "5411": ("便利店", "超市", "小卖部", "烟酒店"),
    "5499": ("鲜果", "蔬菜店", "水产", "鲜肉铺", "生鲜"),
    "5462": ("面包房", "奶茶", "咖啡", "蛋糕店", "糖水铺"),
    "7230": ("理发店", "美发沙龙", "造型"),
    "5912": ("药房", "大药房"),
    "5251": ("五金店", "建材五金", "水暖五金"),
    "7538": ("汽车维修", "洗车行", "汽修"),
    "8299": ("书法教室", "舞蹈教室", "托管班", "英语角"),
    "5331": ("百货店", "日杂店"),
    "7216": ("干洗店", "洗衣坊"),
}
_ROADS = ("花园路", "安定里", "和平街", "新源里", "文化巷", "育新路", "林萃路", "春晖街", "石榴园", "清泉路")
_STORES = ("一店", "二店", "花园店", "东区店", "西区店", "南里店", "北苑店", "广场店", "地铁店", "公园店")


def person(rng: Random) -> str:
    """Return an invented person's name."""
    given = rng.choice(_GIVEN) + (rng.choice(_GIVEN) if rng.random() < 0.7 else "")
    return rng.choice(_SURNAMES) + given


def shop(rng: Random, *, mcc: str) -> str:
    """Return an invented shop's name in its trade."""
    return rng.choice((*_SHOP_OWNERS, *_SHOP_PREFIXES)) + rng.choice(_SHOPS[mcc])


def address(rng: Random, *, district: str) -> str:
    """Return an invented address."""
    return f"北京市{district}{rng.choice(_ROADS)}{rng.randint(1, 180)}号"


def store(number: int, *, district: str) -> str:
    """Return the name of a district's `number`-th store, from 0."""
    return f"{district}{_STORES[number % len(_STORES)]}"


def phone(rng: Random) -> str:
    """Return a number of the form 199 00xx xxxx; that block is used for made-up data only."""
    return f"19900{rng.randint(0, 999_999):06d}"
