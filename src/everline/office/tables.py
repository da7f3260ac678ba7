"""Plain tables at /office/tables: Django's admin, cut down to reading and a few notes, in our look.

It is signed in to by the office's own sign-in, shows the columns of table_list.py alone, adds and
deletes nothing, and loads no script of its own. Django's log of changes is not used: what somebody
changes here stands in the acts, as everything else does.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, update_wrapper
from typing import Any, Final, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin, SimpleListFilter
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import lazystr
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from everline import ids
from everline.ids import InvalidNumberError
from everline.office.access import guarded
from everline.office.desk import Desk
from everline.office.frame import menu
from everline.office.naming import account_name, state_name
from everline.office.table_list import TABLES, Table
from everline.office.table_words import shown
from everline.pages.frame import frame, see_other
from everline.people.roles import Ability

PAGE: Final = 50
COUNTED_MAX: Final = 5_000
"""Rows that are counted, and so can be paged through; nobody reads more."""

RECEIPTS: Final[tuple[ids.Prefix, ...]] = ("rnw", "top")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # Not generic when run.
    """Pages of a table that may have millions of rows, of which the first thousands are counted."""

    @cached_property
    def count(self) -> int:
        """Count no further than anybody reads."""
        return cast("QuerySet[Model]", self.object_list).order_by()[:COUNTED_MAX].count()


class TableAdmin(ModelAdmin):  # type: ignore[type-arg]  # The same.
    """One table: its list, and a row's own screen."""

    table: Table
    actions = None
    paginator = BoundedPaginator
    list_per_page = PAGE
    list_max_show_all = PAGE
    show_full_result_count = False
    sortable_by = ()
    view_on_site = False
    ordering = ("-pk",)
    change_list_template = "office/table.html"
    change_form_template = "office/row.html"

    def get_urls(self) -> list[URLPattern]:
        """Give the addresses of the list and of a row: nothing is added, deleted or logged."""
        meta = self.opts
        name = f"{meta.app_label}_{meta.model_name}"
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("/<path:object_id>", view(self.change_view), name=f"{name}_change"),
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Give the columns of the list."""
        return [shown(each, _desk(request)) for each in self.table.columns]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filter by state, where the table has few of them."""
        return [_by_state(self.table)] if self.table.states else []

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Offer a search where something can be found by what may stand in an address."""
        return self.table.found_by

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Find rows by a whole id, receipt or code: an index tells, and nothing is guessed."""
        typed = search_term.replace("\0", "").strip()[:100]
        if not typed:
            return queryset, False
        wanted = Q(pk__in=[])
        for field in self.table.found_by:
            for value in (typed, _inside(typed)):
                try:
                    kept = self.model._meta.get_field(field).to_python(value)
                except ValidationError:
                    continue
                wanted |= Q(**{field: kept})
        return queryset.filter(wanted), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse every condition but the filter: others could ask for secrets sign by sign."""
        return bool(self.table.states) and lookup == self.table.filtered_by

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Read what columns refer to with the row."""
        named = {each.field for each in (*self.table.columns, *self.table.more)}
        named |= {each.of for each in (*self.table.columns, *self.table.more)}
        found = super().get_queryset(request)
        related = sorted({_relation(self.model, each) for each in named} - {""})
        return found.select_related(*related) if related else found

    def _fields(self, request: HttpRequest) -> tuple[list[Any], list[str]]:
        """Give the columns that are read and those that are edited, the same at each asking."""
        kept: tuple[list[Any], list[str]] | None = getattr(request, "table_fields", None)
        if kept is None:
            desk = _desk(request)
            edited = list(self.table.edits) if self.has_change_permission(request) else []
            every = (*self.table.columns, *self.table.more)
            kept = [shown(each, desk) for each in every if each.field not in edited], edited
            request.table_fields = kept  # type: ignore[attr-defined]  # Read here alone.
        return kept

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Give what a row's screen shows, what can be changed last."""
        read, edited = self._fields(request)
        return [*read, *edited]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Let all be read alone but what is named as a note."""
        read, _edited = self._fields(request)
        return read

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, *_args: Any, **_named: Any
    ) -> Any:
        """Give the form of the notes."""
        _read, edited = self._fields(request)
        form: Any = forms.modelform_factory(self.model, fields=edited)
        for name, field in form.base_fields.items():
            column = next(
                each for each in (*self.table.columns, *self.table.more) if each.field == name
            )
            field.label = column.label
            if name in {"locale", "language"}:
                form.base_fields[name] = forms.ChoiceField(
                    label=column.label, choices=settings.LANGUAGES
                )
        return form

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether somebody sees this table."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody sees this table."""
        return _desk(request).may(self.table.needs)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody may change its notes."""
        able = self.table.edited_by
        return able is not None and _desk(request).may(self.table.needs, able)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Add nothing here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Delete nothing here."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list."""
        return super().changelist_view(request, {"table": self.table})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show a row, or change its notes."""
        return super().change_view(request, object_id, form_url, {"table": self.table})

    def save_model(self, request: HttpRequest, obj: Model, form: Any, *_args: Any) -> None:
        """Write what was changed and nothing else, and record that it was."""
        if not form.changed_data:
            return
        obj.save(update_fields=form.changed_data)
        facts = {"table": self.opts.db_table, "fields": sorted(form.changed_data)}
        _desk(request).record("change_row", ("table", str(obj.pk)), facts)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Leave Django's own log alone: it is not made here."""

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        """Lead back to the row."""
        messages.success(request, _("Saved."))
        return see_other(request.path)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Lead back to the list when there is no such row."""
        messages.error(request, _("Nothing was found. Check the number and enter all of it."))
        return see_other(f"admin:{opts.app_label}_{opts.model_name}_changelist")


class TableSite(AdminSite):
    """All tables, entered by the office's own door."""

    final_catch_all_view = False

    def admin_view(self, view: Callable[..., Any], *_args: Any) -> Any:
        """Guard a view as every screen of the office."""

        def opened(request: HttpRequest, desk: Desk, **given: Any) -> Any:
            request.desk = desk  # type: ignore[attr-defined]  # Read by _desk alone.
            return view(request, **given)

        reached = guarded(opened, frozenset({Ability.SEE_OFFICE}))
        return update_wrapper(never_cache(csrf_protect(reached)), view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Give the index and the tables; signing in and passwords are not the admin's here."""
        found: list[URLPattern | URLResolver] = [
            path("", self.admin_view(self.index), name="index")
        ]
        for model, admin in self._registry.items():
            meta = model._meta
            prefix = f"/{meta.app_label}-{meta.model_name}"
            found += [
                path(prefix + str(each.pattern), each.callback, name=str(each.name))
                for each in admin.get_urls()
            ]
        return found

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Give what the frame of the office needs."""
        desk = _desk(request)
        given = frame(request, desk.policy)
        return given | {
            "desk": desk,
            "menu": menu(desk.abilities, "admin:index"),
            "is_popup": False,
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """List the tables that somebody may see, by group."""
        groups: dict[str, list[dict[str, object]]] = {}
        for table in TABLES:
            if not _desk(request).may(table.needs):
                continue
            meta = table.model._meta
            listed = {
                "label": table.label,
                "url": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
                "is_edited": table.edited_by is not None and _desk(request).may(table.edited_by),
            }
            groups.setdefault(str(table.group), []).append(listed)
        context = self.each_context(request) | {"groups": groups}
        return TemplateResponse(request, "office/tables.html", context)


def _desk(request: HttpRequest) -> Desk:
    found = request.desk  # type: ignore[attr-defined]  # Set by admin_view.
    assert isinstance(found, Desk)
    return found


def _inside(typed: str) -> str:
    """Give the id inside a receipt's number; what is none stays as it is."""
    for prefix in RECEIPTS:
        with suppress(InvalidNumberError):
            return str(ids.inside(prefix, typed))
    return typed


def _relation(model: type[Model], field: str) -> str:
    """Name the relation over which a column is read, for Django to join."""
    first, dot, _rest = field.partition(".")
    if dot:
        return first
    known = {each.name: each for each in model._meta.get_fields()}
    found = known.get(field)
    return field if found is not None and found.many_to_one else ""


def _by_state(table: Table) -> type[SimpleListFilter]:
    """Make the filter of a table's states, which its rows are not asked for."""
    by = table.filtered_by
    namer = account_name if by == "kind" else state_name

    class ByState(SimpleListFilter):
        title = lazystr(by)
        parameter_name = by

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(code, namer(code)) for code in table.states]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
            chosen = self.value()
            return queryset.filter(**{by: chosen}) if chosen in table.states else queryset

    return ByState


def _site() -> TableSite:
    site = TableSite(name="tables")
    for table in TABLES:
        admin = type(f"{table.model.__name__}Table", (TableAdmin,), {"table": table})
        site.register(table.model, admin)
    return site


SITE: Final = _site()
